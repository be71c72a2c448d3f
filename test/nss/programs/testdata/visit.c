/* Connects to port 80 of a host, or asks the DNS for it without the C library's
 * name service (RES_QUERY). */
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;

	(void)argc;
#ifdef RES_QUERY
	unsigned char answer[4096];

	return res_query(argv[1], ns_c_in, ns_t_mx, answer, sizeof answer) < 0;
#endif
	if (getaddrinfo(argv[1], "80", &hints, &list) != 0)
		return 2;
	int fd = socket(list->ai_family, SOCK_STREAM, 0);
	return connect(fd, list->ai_addr, list->ai_addrlen) != 0;
}
