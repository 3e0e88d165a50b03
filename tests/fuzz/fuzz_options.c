/* SPDX-License-Identifier: Apache-2.0 */
/* Values of every type from words and from YAML, and the command line by the same table. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "config/option.h"
#include "config/units.h"
#include "config/yaml.h"
#include "unit/config/table.h"
#include "util/buf.h"
#include "util/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* A number that was understood is written in a form that gives the same number. */
static void read_back(const struct hearth_option *row, const struct option_value *v)
{
	struct option_value again = {};
	struct buf text = {};
	char *why = NULL;

	require(units_format(row->type, v->number, &text) == 0);
	require(option_value_parse(row, buf_text(&text), &again, &why) == 0);
	require(again.number == v->number);
	option_value_done(&again);
	buf_done(&text);
}

static void word(const struct hearth_option *row, const char *text)
{
	struct option_value v = {};
	char *why = NULL;
	int r = option_value_parse(row, text, &v, &why);

	require((r == -EINVAL || r == -EACCES) == (why != NULL));
	if (r == 0 && (row->type == HEARTH_INT || row->type == HEARTH_DURATION ||
		       row->type == HEARTH_BYTES || row->type == HEARTH_PERCENT))
		read_back(row, &v);
	if (r == 0)
		require(option_value_equal(&v, &v) && v.is_set);
	option_value_done(&v);
	free(why);
}

static void yaml(const char *text, size_t len)
{
	struct config_errors errors = {};
	struct option_set *s = NULL;
	struct node *n = NULL;

	if (yaml_parse("fuzz.yaml", text, len, NULL, &n) == 0) {
		int r = option_set_new(&every_table, n, "fuzz", NULL, true, &errors, &s);

		require((r == 0) == (s != NULL) && (r == -EINVAL) == (errors.n > 0));
	}
	option_set_free(s);
	node_free(n);
	config_errors_done(&errors);
}

static void command_line(const char *text)
{
	struct args a = {};
	char **words = NULL, *why = NULL;
	int r;

	require(strv_split(text, " \n", &words) == 0);
	r = args_parse(&every_table, words, &a, &why);
	require((r == 0) == (why == NULL));
	args_done(&a);
	strv_free(words);
	free(why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	require(text);
	memcpy(text, data, len);
	text[len] = '\0';
	for (size_t i = 0; i < every_table.n; i++)
		word(&every_rows[i], text);
	yaml(text, len);
	command_line(text);
	free(text);
	return 0;
}
