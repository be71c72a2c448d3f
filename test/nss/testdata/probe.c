/*
 * probe call  FUNCTION FAMILY NAME SIZE [preset|bare]   one call, printed
 * probe sweep FUNCTION FAMILY NAME STEP [preset|bare]   every buffer size
 * probe cancel FUNCTION FAMILY NAME                     cancelled five times
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int call_once(struct call *call, size_t size)
{
	int before = descriptors(), state;
	double began;

	call->size = size;
	call->buffer = malloc(size);
	began = milliseconds();
	run(call);
	printf("ms=%.2f\n", milliseconds() - began);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	if (state != PTHREAD_CANCEL_ENABLE)
		die("cancellation was left disabled");
	if (descriptors() != before)
		die("descriptors: %d before the call, %d after", before, descriptors());
	print(call);
	free(call->buffer);
	return 0;
}

static int returned; /* lookups that gave their thread back, though it was cancelled */

static void *lookup(void *data)
{
	struct call call = *(struct call *)data;
	char buffer[1024];

	call.buffer = buffer;
	call.size = sizeof buffer;
	run(&call);
	returned++;
	pthread_testcancel();
	return NULL;
}

/* The parent's daemon says when a lookup has begun, by a line on stdin, and holds
 * its answer back until it reads a byte from descriptor 3. */
static int cancel(struct call *call)
{
	int before = descriptors();

	for (int i = 0; i < 5; i++) {
		pthread_t thread;
		void *result;

		pthread_create(&thread, NULL, lookup, call);
		if (getchar() == EOF)
			die("no word from the daemon");
		pthread_cancel(thread);
		if (write(3, "x", 1) != 1)
			die("no word to the daemon");
		pthread_join(thread, &result);
		if (result != PTHREAD_CANCELED)
			die("the thread was not cancelled");
	}
	printf("leaked=%d\nreturned=%d\n", descriptors() - before, returned);
	return 0;
}

int main(int argc, char **argv)
{
	struct call call = {0};

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	if (argc < 5)
		die("usage: probe call|sweep|cancel FUNCTION FAMILY NAME [SIZE|STEP [preset|bare]]");
	call.function = argv[2];
	call.family = atoi(argv[3]);
	call.name = argv[4];
	call.preset = argc > 6 && strcmp(argv[6], "preset") == 0;
	call.bare = argc > 6 && strcmp(argv[6], "bare") == 0;
	size_t number = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
	if (strcmp(argv[1], "sweep") == 0)
		return sweep(&call, number);
	if (strcmp(argv[1], "cancel") == 0)
		return cancel(&call);
	return call_once(&call, number);
}
