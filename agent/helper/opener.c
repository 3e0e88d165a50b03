/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opener: the one process that keeps the capabilities for other processes' files. It opens
 * and passes on; it reads nothing of what it opened, so there is nothing in a file that could
 * turn it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "helper/debug_file.h"
#include "helper/helpers.h"
#include "helper/perf_map.h"
#include "helper/privilege.h"
#include "helper/protocol.h"
#include "helper/recorded_file.h"
#include "helper/target_file.h"
#include "util/fail.h"
#include "util/log.h"
#include "util/sys.h"

#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

/* docs/operations.md, "Privileges", says what each is for. */
#define OPENER_CAPABILITIES \
	(CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_SYSLOG) | \
	 CAPABILITY(CAP_CHECKPOINT_RESTORE))

#define OPENER_MAX_FDS 64
#define OPENER_MAX_MEMORY (128ull << 20)

static int opener_drop_privileges(void)
{
	int r;

	r = privilege_keep_capabilities(OPENER_CAPABILITIES);
	if (r < 0)
		return r;
	r = privilege_enter_helper("hearth-opener");
	if (r < 0)
		return r;
	r = privilege_limit(RLIMIT_NOFILE, OPENER_MAX_FDS);
	if (r < 0)
		return r;
	r = privilege_limit(RLIMIT_CORE, 0);
	if (r < 0)
		return r;
	r = privilege_limit(RLIMIT_FSIZE, 0);
	if (r < 0)
		return r;
	return privilege_limit_memory(OPENER_MAX_MEMORY);
}

static int answer(const struct message_header *request, uint32_t n, const int *fds, size_t n_fds)
{
	struct message_header header = {
		.type = request->type,
		.flags = MESSAGE_LAST,
		.id = request->id,
		.n = n,
	};

	return message_send(HELPER_SOCKET, &header, NULL, 0, fds, n_fds, 0);
}

static int answer_open(const struct message *m)
{
	struct open_request request;
	char path[HELPER_MAX_PATH];
	struct target_file target;
	_cleanup_close_ int fd = -1;
	const char *cause = NULL;
	int r;

	if (m->len < sizeof(request))
		return -EBADMSG;
	memcpy(&request, m->payload, sizeof(request));
	if (request.path_len >= sizeof(path) || request.path_len != m->len - sizeof(request))
		return -EBADMSG;
	memcpy(path, m->payload + sizeof(request), request.path_len);
	path[request.path_len] = '\0';

	target = (struct target_file){
		.pid = request.pid,
		.start_time = request.start_time,
		.path = path,
		.device_major = request.device_major,
		.device_minor = request.device_minor,
		.inode = request.inode,
		.map_start = request.map_start,
		.map_end = request.map_end,
	};
	r = fail_point("opener.open");
	if (r < 0)
		cause = "failpoint";
	else
		r = target_file_open(&target, &fd, &cause);
	if (r < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, r, cause);
	return answer(&m->header, 0, &fd, 1);
}

static int answer_open_debug(const struct message *m)
{
	struct debug_request request;
	char path[HELPER_MAX_PATH], link[HELPER_MAX_NAME];
	_cleanup_close_ int fd = -1;
	int place;

	if (m->len < sizeof(request))
		return -EBADMSG;
	memcpy(&request, m->payload, sizeof(request));
	if (request.path_len >= sizeof(path) || request.link_len >= sizeof(link) ||
	    request.build_id_len > sizeof(request.build_id) ||
	    sizeof(request) + request.path_len + request.link_len != m->len)
		return -EBADMSG;
	snprintf(path, sizeof(path), "%.*s", (int)request.path_len,
		 (const char *)m->payload + sizeof(request));
	snprintf(link, sizeof(link), "%.*s", (int)request.link_len,
		 (const char *)m->payload + sizeof(request) + request.path_len);

	place = debug_file_open(&(struct debug_file){
					.pid = request.pid,
					.start_time = request.start_time,
					.path = path,
					.build_id = request.build_id,
					.build_id_len = request.build_id_len,
					.link = link,
					.device = request.device,
					.owner = request.owner,
				}, request.first_place, &fd);
	if (place < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, place, "there is none");
	return answer(&m->header, (uint32_t)place, &fd, 1);
}

static int answer_open_recorded(const struct message *m, const char *perf_store)
{
	struct recorded_request request;
	char path[HELPER_MAX_PATH];
	_cleanup_close_ int fd = -1;
	int place;

	if (m->len < sizeof(request))
		return -EBADMSG;
	memcpy(&request, m->payload, sizeof(request));
	if (request.path_len >= sizeof(path) || request.build_id_len > sizeof(request.build_id) ||
	    sizeof(request) + request.path_len != m->len)
		return -EBADMSG;
	snprintf(path, sizeof(path), "%.*s", (int)request.path_len,
		 (const char *)m->payload + sizeof(request));
	place = recorded_file_open(&(struct recorded_file){
					   .path = path,
					   .build_id = request.build_id,
					   .build_id_len = request.build_id_len,
					   .perf_store = perf_store,
				   }, request.first_place, &fd);
	if (place < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, place, "there is none");
	return answer(&m->header, (uint32_t)place, &fd, 1);
}

static int answer_open_code(const struct message *m)
{
	struct open_request request;
	_cleanup_close_ int fd = -1;
	const char *cause;
	int r;

	if (m->len != sizeof(request))
		return -EBADMSG;
	memcpy(&request, m->payload, sizeof(request));
	r = perf_map_open(request.pid, request.start_time, &fd, &cause);
	if (r < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, r, cause);
	return answer(&m->header, 0, &fd, 1);
}

/* What the text shows is decided by who opens it, not by who reads it. */
static int answer_kallsyms(const struct message *m)
{
	_cleanup_close_ int symbols = -1, modules = -1;
	int fds[2];

	symbols = sys_open("/proc/kallsyms", O_RDONLY, 0);
	if (symbols < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, symbols,
					    "cannot open /proc/kallsyms");
	modules = sys_open("/proc/modules", O_RDONLY, 0);
	fds[0] = symbols;
	fds[1] = modules;
	return answer(&m->header, 0, fds, modules < 0 ? 1 : 2);
}

static int opener_answer(const struct message *m, const char *perf_store)
{
	switch (m->header.type) {
	case MESSAGE_OPEN:
		return answer_open(m);
	case MESSAGE_OPEN_CODE:
		return answer_open_code(m);
	case MESSAGE_OPEN_DEBUG:
		return answer_open_debug(m);
	case MESSAGE_OPEN_RECORDED:
		return answer_open_recorded(m, perf_store);
	case MESSAGE_KALLSYMS:
		return answer_kallsyms(m);
	default:
		return -EBADMSG;
	}
}

int helper_opener_main(const char *perf_store)
{
	static struct message m;
	int r;

	r = opener_drop_privileges();
	if (r < 0) {
		log_error_errno(r, "opener: cannot give up privileges: %m");
		return EXIT_FAILURE;
	}

	for (;;) {
		r = message_receive(HELPER_SOCKET, &m, 0);
		if (r == -ECONNRESET)
			return EXIT_SUCCESS; /* the host is gone */
		if (r == 0)
			r = opener_answer(&m, perf_store);
		message_close_fds(&m);
		if (r < 0)
			return EXIT_FAILURE; /* out of step with the host: it starts another */
	}
}
