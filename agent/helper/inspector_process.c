/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inspector as a process: the loop that answers. What is in an ELF file, only the plugin
 * `inspector` knows; this file hands it fds and carries its answers.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <hearth/helper.h>

#include "helper/helpers.h"
#include "helper/inspector_unwind.h"
#include "helper/outbox.h"
#include "helper/protocol.h"
#include "helper/record.h"
#include "helper/sandbox.h"
#include "helper/sealed.h"
#include "helper/stored_key.h"
#include "util/fail.h"
#include "util/log.h"

#define INSPECTOR_CPU_SECONDS 2 /* of one request; the host's patience is as long by the clock */

static int32_t outbox_symbol(void *ctx, const char *module, const char *cause,
			     const struct hearth_symbol_line *lines, uint32_t n_lines)
{
	struct outbox *o = ctx;
	int r;

	r = record_write(o->payload + o->len, sizeof(o->payload) - o->len, module, cause, lines,
			 n_lines);
	if (r == -ENOSPC) {
		r = outbox_send(o, 0);
		if (r < 0)
			return r;
		r = record_write(o->payload, sizeof(o->payload), module, cause, lines, n_lines);
	}
	if (r < 0)
		return r;
	o->len += (size_t)r;
	o->n++;
	return 0;
}

/* False: the flags do not fit what came. */
static bool symbol_fds_take(const struct message *m, struct hearth_symbol_fds *ret)
{
	bool is_table = m->header.flags & MESSAGE_IS_TABLE;
	size_t n = 1;

	*ret = (struct hearth_symbol_fds){
		.size = sizeof(*ret),
		.mapped = is_table ? -1 : m->fds[0],
		.debug = -1,
		.table = is_table ? m->fds[0] : -1,
		.table_offset = sizeof(struct stored_key),
	};
	if (m->header.flags & MESSAGE_HAS_DEBUG)
		ret->debug = m->fds[n++];
	if (m->header.flags & MESSAGE_HAS_TABLE)
		ret->table = m->fds[n++];
	return m->fds[n - 1] >= 0;
}

static uint32_t table_flags(uint32_t state)
{
	return (state & HEARTH_TABLE_WANTED ? MESSAGE_TABLE_WANTED : 0) |
	       (state & HEARTH_TABLE_DAMAGED ? MESSAGE_TABLE_DAMAGED : 0);
}

/* What a question about names is about: one word, unless it is the running kernel, and addresses. */
static bool words_take(const struct message *m, uint64_t *ret_word, const uint64_t **ret_addresses)
{
	const uint64_t *words = (const uint64_t *)(const void *)m->payload;
	bool has_word = m->header.type != MESSAGE_KERNEL || (m->header.flags & MESSAGE_IS_RECORDED);

	if (m->header.n > HELPER_MAX_ADDRESSES ||
	    m->len != ((size_t)m->header.n + has_word) * sizeof(*words))
		return false;
	*ret_word = has_word ? words[0] : 0;
	*ret_addresses = words + has_word;
	return true;
}

static int names_ask(struct hearth_inspector *i, const struct message *m, const struct hearth_naming *out,
		     uint32_t *ret_table, const char **ret_cause)
{
	const uint32_t n = m->header.n;
	struct hearth_symbol_fds fds;
	const uint64_t *addresses;
	uint64_t word;

	if (!symbol_fds_take(m, &fds) || !words_take(m, &word, &addresses))
		return -EPROTO;
	if (m->header.type == MESSAGE_NAMES)
		return i->names(i, word, &fds, addresses, n, out, ret_table, ret_cause);
	if (m->header.type == MESSAGE_CODE)
		return i->code(i, word, m->fds[0], addresses, n, out, ret_cause);
	if (m->header.flags & MESSAGE_IS_RECORDED)
		return i->kernel_recorded(i, m->fds[0], m->fds[1], word, addresses, n, out, ret_cause);
	return i->kernel(i, m->fds[0], m->fds[1], addresses, n, out, ret_cause);
}

static int answer_names(struct hearth_inspector *inspector, const struct message *m)
{
	static struct outbox outbox;
	struct hearth_naming naming = {
		.size = sizeof(naming),
		.ctx = &outbox,
		.symbol = outbox_symbol,
	};
	const char *cause = "cannot be read";
	uint32_t table = 0;
	int r;

	outbox_begin(&outbox, &m->header);
	r = names_ask(inspector, m, &naming, &table, &cause);
	if (r == -EPROTO)
		return -EBADMSG;
	if (r < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, r, cause);
	return outbox_send(&outbox, MESSAGE_LAST | table_flags(table));
}

static int32_t outbox_table(void *ctx, const void *data, uint64_t len)
{
	return outbox_bytes(ctx, data, len);
}

static int answer_store(struct hearth_inspector *inspector, const struct message *m)
{
	static struct outbox outbox;
	struct hearth_table_sink sink = {
		.size = sizeof(sink),
		.ctx = &outbox,
		.write = outbox_table,
	};
	const char *cause = "cannot be read";
	struct hearth_symbol_fds fds;
	int r;

	if (!symbol_fds_take(m, &fds))
		return -EBADMSG;
	(void)fail_point("inspector.store");
	outbox_begin(&outbox, &m->header);
	r = inspector->store(inspector, &fds, &sink, &cause);
	if (r < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, r, cause);
	return outbox_send(&outbox, MESSAGE_LAST);
}

static size_t identity_pack(const struct hearth_inspected *i, uint8_t *to)
{
	struct identify_reply reply = {
		.file_size = i->file_size,
		.build_id_len = i->build_id_len,
		.n_loads = i->n_loads,
		.flags = i->flags,
	};
	size_t len = sizeof(reply);

	if (i->debug_link && strlen(i->debug_link) < sizeof(reply.debug_link)) {
		reply.debug_link_len = (uint32_t)strlen(i->debug_link);
		memcpy(reply.debug_link, i->debug_link, reply.debug_link_len);
	}
	if (reply.build_id_len > HELPER_MAX_BUILD_ID)
		reply.build_id_len = 0;
	if (reply.n_loads > HELPER_MAX_LOADS)
		reply.n_loads = HELPER_MAX_LOADS;
	if (reply.build_id_len > 0)
		memcpy(reply.build_id, i->build_id, reply.build_id_len);
	memcpy(to, &reply, sizeof(reply));
	for (uint32_t n = 0; n < reply.n_loads; n++, len += sizeof(struct hearth_elf_load))
		memcpy(to + len, (const char *)i->loads + (size_t)n * i->load_stride,
		       sizeof(struct hearth_elf_load));
	return len;
}

/* The build id of a table is in the key that the host has written. */
static int table_identify(struct hearth_inspector *inspector, int fd, struct hearth_inspected *ret)
{
	static struct stored_key key;
	int r;

	r = stored_key_read(fd, &key);
	if (r == 0)
		r = inspector->identify_table(inspector, fd, sizeof(key), ret);
	if (r < 0)
		return r;
	ret->build_id = key.build_id;
	ret->build_id_len = key.build_id_len;
	ret->file_size = key.size;
	return 0;
}

static int answer_identity(struct hearth_inspector *inspector, const struct message *m)
{
	static uint8_t payload[HELPER_MAX_PAYLOAD];
	struct hearth_inspected identity = { .size = sizeof(identity) };
	struct message_header header = {
		.type = m->header.type,
		.flags = MESSAGE_LAST,
		.id = m->header.id,
	};
	int r;

	if (m->fds[0] < 0)
		return -EBADMSG;
	if (m->header.flags & MESSAGE_IS_TABLE)
		r = table_identify(inspector, m->fds[0], &identity);
	else
		r = inspector->identify(inspector, m->fds[0], &identity);
	if (r < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, r,
					    identity.cause ? identity.cause : "cannot be read");
	return message_send(HELPER_SOCKET, &header, payload, identity_pack(&identity, payload), NULL,
			    0, 0);
}

static int answer_match(struct hearth_inspector *inspector, const struct message *m)
{
	struct message_header header = {
		.type = m->header.type,
		.flags = MESSAGE_LAST,
		.id = m->header.id,
	};
	const char *cause = "cannot be read";
	int r;

	if (m->fds[0] < 0 || m->fds[1] < 0)
		return -EBADMSG;
	r = inspector->match_debug(inspector, m->fds[0], m->fds[1], &cause);
	if (r < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, r, cause);
	return message_send(HELPER_SOCKET, &header, NULL, 0, NULL, 0, 0);
}

static int inspector_answer(struct hearth_inspector *inspector, const struct message *m)
{
	int r;

	r = sandbox_rearm_cpu(INSPECTOR_CPU_SECONDS);
	if (r < 0)
		return r;
	r = fail_point("inspector.answer");
	if (r < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, r, "failpoint");
	switch (m->header.type) {
	case MESSAGE_IDENTIFY:
		return answer_identity(inspector, m);
	case MESSAGE_MATCH:
		return answer_match(inspector, m);
	case MESSAGE_STORE:
		return answer_store(inspector, m);
	case MESSAGE_UNWIND:
		return inspector_unwind(inspector, m);
	case MESSAGE_UNWIND_FILE:
		return inspector_unwind_file(inspector, m);
	case MESSAGE_NAMES:
	case MESSAGE_CODE:
	case MESSAGE_KERNEL:
		return answer_names(inspector, m);
	default:
		return -EBADMSG;
	}
}

int helper_inspector_main(struct hearth_inspector *inspector)
{
	static struct message m;
	int r;

	(void)fail_point("inspector.start"); /* also reads the environment before the seal */
	r = sealed_enter("hearth-inspect");
	if (r < 0) {
		log_error_errno(r, "inspector: cannot give up privileges, so it will not run: %m");
		return EXIT_FAILURE;
	}

	for (;;) {
		r = message_receive(HELPER_SOCKET, &m, 0);
		if (r == -ECONNRESET)
			return EXIT_SUCCESS; /* the host is gone */
		if (r == 0)
			r = inspector_answer(inspector, &m);
		message_close_fds(&m);
		if (r < 0)
			return EXIT_FAILURE; /* out of step with the host: it starts another */
	}
}
