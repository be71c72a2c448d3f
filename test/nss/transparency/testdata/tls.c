/* A library that takes 64 bytes of static TLS. */
__thread char block[64] __attribute__((tls_model("initial-exec")));

char *take(void);
char *take(void)
{
	return block;
}
