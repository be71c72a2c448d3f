/* A library that looks a name up while it is being loaded. */
#include <netdb.h>
#include <stddef.h>

int result = -1;

__attribute__((constructor)) static void load(void)
{
	struct addrinfo *list = NULL;

	result = getaddrinfo("probe.example", NULL, NULL, &list);
	if (list)
		freeaddrinfo(list);
}
