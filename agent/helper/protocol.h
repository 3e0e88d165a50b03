/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What host and helpers say to each other over a seqpacket socket: one header, a payload, at
 * most three fds. Both ends are the same executable, so there is no version; but the host reads
 * what helpers send as it would read a stranger's file, since the inspector may have been taken
 * over by one.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

#define HELPER_SOCKET 3              /* fd of the socket in a helper */
#define HELPER_MAX_ADDRESSES 4096u   /* of one request, as hearth/inspect.h says */
#define HELPER_MAX_FDS 3u
#define HELPER_MAX_PATH 4096u
#define HELPER_MAX_CAUSE 160u        /* with its NUL */
#define HELPER_MAX_BUILD_ID 64u
#define HELPER_MAX_NAME 256u         /* of a file, with its NUL */
#define HELPER_MAX_LOADS 256u
#define HELPER_MAX_WANTED 1024u     /* files that one answer asks for */
#define HELPER_MAX_PAYLOAD 36864u    /* the longest request: 4,096 addresses and a handle */

enum message_type {
	MESSAGE_OPEN = 1, /* to the opener: struct open_request → fd */
	MESSAGE_KALLSYMS, /* to the opener → fds of /proc/kallsyms and, if there is one, /proc/modules */
	MESSAGE_IDENTIFY, /* to the inspector, fd → struct identify_reply */
	MESSAGE_NAMES,    /* to the inspector, fds by flags: handle and addresses → records (record.h) */
	MESSAGE_OPEN_DEBUG, /* to the opener: struct debug_request → fd, and n: the place of it */
	MESSAGE_OPEN_CODE, /* to the opener: struct open_request, of which pid and start time count → fd */
	MESSAGE_CODE,     /* to the inspector: as MESSAGE_NAMES, of a perf map */
	MESSAGE_MATCH,    /* to the inspector, fds of a file and of what may be its debug file → status */
	MESSAGE_STORE,    /* to an archivist, fds by flags → the bytes of a stored table, then MESSAGE_LAST */
	MESSAGE_KERNEL,   /* to the inspector, fds of MESSAGE_KALLSYMS: addresses → records */
	MESSAGE_EXAMINE,  /* to an examiner, fd: path → lines and questions, then MESSAGE_LAST */
	MESSAGE_LINE,     /* of an examiner; n: severity; subject, finding, mend, each with its NUL */
	MESSAGE_UNWIND,   /* to the unwinder, fd: samples (unwind_wire.h) → stacks, or handles of files */
	MESSAGE_UNWIND_FILE, /* to the unwinder, fds of a file and its debug file or none: handle → nothing */
	MESSAGE_FILE,     /* of an examiner: path → fd or status */
	MESSAGE_OPEN_RECORDED, /* to the opener: struct recorded_request → fd, and n: the place of it */
};

/* message_header.flags */
enum {
	MESSAGE_LAST = 1u << 0, /* of the answers to one request */
	/* Of NAMES and STORE: which fds follow that of the mapped file, in this order. */
	MESSAGE_HAS_DEBUG = 1u << 1,
	MESSAGE_HAS_TABLE = 1u << 2, /* it begins behind its struct stored_key */
	/* Of the last answer to NAMES: hearth_table_state. */
	MESSAGE_TABLE_WANTED = 1u << 3,
	MESSAGE_TABLE_DAMAGED = 1u << 4,
	/* Of IDENTIFY and NAMES: the one fd is that of a stored table, and there is no file. */
	MESSAGE_IS_TABLE = 1u << 5,
	/* Of KERNEL: of a recording, whose _text comes before the addresses. */
	MESSAGE_IS_RECORDED = 1u << 6,
	/* Of UNWIND: files that are not known will not be. Of its last answer: n handles, no stacks. */
	MESSAGE_IS_FINAL = 1u << 7,
	MESSAGE_WANTS_FILES = 1u << 8,
};

struct message_header {
	uint32_t type, flags;
	uint64_t id;         /* of the request */
	int32_t status;      /* of an answer; negative: the payload is the cause, without NUL */
	uint32_t n;          /* addresses asked for, or records in this answer */
};

struct open_request {
	int32_t pid;
	uint32_t device_major, device_minor, path_len;
	uint64_t start_time, inode, map_start, map_end;
	/* path_len bytes of path follow */
};

struct debug_request {
	int32_t pid;
	uint32_t first_place, owner, path_len;
	uint32_t build_id_len, link_len;
	uint64_t start_time, device;
	uint8_t build_id[HELPER_MAX_BUILD_ID];
	/* path_len bytes of path and link_len bytes of the link's name follow */
};

struct recorded_request {
	uint32_t first_place, path_len, build_id_len;
	uint8_t build_id[HELPER_MAX_BUILD_ID];
	/* path_len bytes of path follow */
};

struct identify_reply {
	uint64_t file_size;
	uint32_t build_id_len, n_loads, flags, debug_link_len;
	uint8_t build_id[HELPER_MAX_BUILD_ID];
	char debug_link[HELPER_MAX_NAME]; /* debug_link_len bytes, no NUL */
	/* n_loads × struct hearth_elf_load follow */
};

/* A message as it was received; its fds belong to it until they are taken (TAKE_FD). */
struct message {
	struct message_header header;
	size_t len; /* of the payload */
	int fds[HELPER_MAX_FDS];
	_Alignas(8) uint8_t payload[HELPER_MAX_PAYLOAD];
};

/* 0, -EAGAIN (flags MSG_DONTWAIT), -EMSGSIZE, or an error of the socket. */
int message_send(int fd, const struct message_header *header, const void *payload, size_t len,
		 const int *fds, size_t n_fds, int flags);
/* An answer with negative status and its cause. */
int message_send_failure(int fd, const struct message_header *request, int status,
			 const char *cause);

/*
 * Receives one message; every fd of an earlier one must have been taken or closed. 0, -EAGAIN
 * (flags MSG_DONTWAIT), -ECONNRESET when the other end is closed, -EBADMSG for what is no
 * message, or an error of the socket. A process that may not open more fds gets none of them.
 */
int message_receive(int fd, struct message *ret, int flags);
void message_close_fds(struct message *m);
