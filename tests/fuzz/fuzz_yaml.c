/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The YAML reader, and what follows from a tree: it is written and read back, merged with itself,
 * and taken as a controller's overlay, as the text of a run, and as --set and --sink.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/dump.h"
#include "config/yaml.h"
#include "util/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static struct node *parse(const char *text, size_t len)
{
	struct config_errors errors = {};
	struct node *n = NULL;
	int r = yaml_parse("fuzz.yaml", text, len, &errors, &n);

	require((r == 0) == (n != NULL));
	require(r != -EINVAL || errors.n > 0);
	config_errors_done(&errors);
	return n;
}

static bool is_never_secret(void *ctx, const struct node *instance, const struct node *option)
{
	(void)ctx;
	(void)instance;
	(void)option;
	return false;
}

/* Only maps are written as files. */
static void write_and_read_back(const struct node *n)
{
	const struct dump_style style = {.want_origin = true, .is_secret = is_never_secret};
	struct buf out = {};
	struct node *again;

	if (n->kind != NODE_MAP)
		return;
	require(dump_yaml(n, &style, &out) == 0);
	again = parse(buf_text(&out), out.len);
	require(again && node_equal(n, again));
	node_free(again);
	buf_done(&out);
}

/* Nulls are gone after the first merge, so a second one changes nothing. */
static void merge_with_itself(const struct node *n)
{
	struct node *once = NULL, *twice = NULL, *copy;

	if (n->kind != NODE_MAP)
		return;
	require(node_merge(node_new(NODE_MAP, n->origin), node_copy(n), &once) == 0);
	copy = node_copy(once);
	require(node_equal(copy, once));
	require(node_merge(copy, node_copy(once), &twice) == 0);
	require(node_equal(once, twice));
	node_free(once);
	node_free(twice);
}

static void load(const struct config_sources *sources)
{
	struct config_errors errors = {};
	struct config *c = NULL;
	int r = config_load(sources, &errors, &c);

	require((r == 0) == (c != NULL));
	require((r == -EINVAL) == (errors.n > 0));
	config_free(c);
	config_errors_done(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1), *words[] = {text, NULL}, *none[] = {NULL};
	struct node *n;

	require(text);
	memcpy(text, data, len);
	text[len] = '\0';
	n = parse(text, len);
	if (n) {
		write_and_read_back(n);
		merge_with_itself(n);
	}
	node_free(n);
	load(&(struct config_sources){.path = "/dev/null", .environ = none, .overlay = text});
	load(&(struct config_sources){.path = "/dev/null", .environ = none, .overlay = text,
				      .is_run_overlay = true});
	load(&(struct config_sources){.path = "/dev/null", .environ = none, .overlay = text,
				      .is_run_overlay = true, .has_no_files = true});
	load(&(struct config_sources){.path = "/dev/null", .environ = none, .set = words});
	load(&(struct config_sources){.path = "/dev/null", .environ = none, .sinks = words});
	free(text);
	return 0;
}
