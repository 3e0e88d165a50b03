/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a client of the control socket: whatever it says, each request gets one answer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/endpoint.h"
#include "ctl/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void say_status(void *ctx, const json_t *request, struct server_reply *reply)
{
	(void)ctx;
	server_reply(reply, json_deep_copy(request));
}

static const struct server_handler handlers[] = { { "status", false, say_status } };

static struct {
	char folder[32], path[64];
	struct sockaddr_un address;
	struct loop *loop;
	struct server *server;
} target;

static void end(void)
{
	char lock[80];

	server_free(target.server);
	loop_free(target.loop);
	snprintf(lock, sizeof(lock), "%s.lock", target.path);
	unlink(lock);
	rmdir(target.folder);
}

static void begin(void)
{
	static const char name[] = "/tmp/hearth-fuzz-XXXXXX";

	memcpy(target.folder, name, sizeof(name));
	if (!mkdtemp(target.folder) || loop_new(&target.loop) < 0)
		abort();
	atexit(end);
	snprintf(target.path, sizeof(target.path), "%s/s", target.folder);
	if (server_new(target.loop, target.path, handlers, 1, NULL, &target.server) < 0 ||
	    endpoint_address(target.path, &target.address) < 0)
		abort();
}

/* Ends when the server hangs up, which it does once all that was said is answered. */
static void converse(struct loop *l, int fd)
{
	char heard[4096], last = '\n';

	for (;;) {
		ssize_t n = recv(fd, heard, sizeof(heard), MSG_DONTWAIT);

		if (n > 0)
			last = heard[n - 1];
		else if (n == 0)
			break;
		else if (loop_run_once(l, 0) < 0)
			abort();
	}
	if (last != '\n')
		abort(); /* half an answer */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd;

	if (!target.loop)
		begin();
	if (len > 100000)
		return 0; /* must fit the socket's buffer, since nobody reads meanwhile */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&target.address, sizeof(target.address)) < 0)
		abort();
	if (len > 0 && send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
		abort();
	if (shutdown(fd, SHUT_WR) < 0)
		abort();
	converse(target.loop, fd);
	close(fd);
	return 0;
}
