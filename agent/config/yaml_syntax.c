/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml explains a mistake in the words of its grammar, and at the place where it noticed. This is
 * the step to words and a place that the one who wrote the file knows.
 */
#include "config/yaml_syntax.h"

#include <errno.h>
#include <stdio.h>

#include "util/str.h"

struct origin yaml_origin(const char *file, yaml_mark_t mark)
{
	return (struct origin){file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* What libyaml says, and what a person can do about it. */
static const struct {
	const char *problem, *sentence;
} problems[] = {
	{"found character that cannot start any token",
	 "a value cannot begin with this character; put it in quotes"},
	{"did not find expected node content", "a value is expected here"},
	{"did not find expected key",
	 "a key is expected here; check the indentation against the lines above"},
	{"did not find expected '-' indicator",
	 "an item \"- …\" is expected here; check the indentation against the lines above"},
	{"mapping values are not allowed in this context",
	 "a \":\" cannot stand here; put the value in quotes, or check the indentation"},
	{"block sequence entries are not allowed in this context",
	 "a list item cannot stand here; begin the list on a line of its own"},
	{"could not find expected ':'", "a \":\" is missing behind the key"},
	{"did not find expected ',' or '}'", "a \",\" or the closing \"}\" is missing"},
	{"did not find expected ',' or ']'", "a \",\" or the closing \"]\" is missing"},
	{"found unexpected end of stream", "a quote is never closed"},
	{"found unknown escape character",
	 "unknown escape; double the \"\\\" or use single quotes"},
	{"did not find expected alphabetic or numeric character",
	 "\"&\" and \"*\" begin anchors, which are not supported; put the value in quotes"},
	{"invalid leading UTF-8 octet", "this is not UTF-8 text"},
	{"invalid trailing UTF-8 octet", "this is not UTF-8 text"},
	{"incomplete UTF-8 octet sequence", "this is not UTF-8 text"},
	{"control characters are not allowed", "the file holds a control character"},
};

static const char *problem_sentence(const char *problem)
{
	for (size_t i = 0; problem && i < ARRAY_SIZE(problems); i++)
		if (str_equal(problem, problems[i].problem))
			return problems[i].sentence;
	return problem ? problem : "cannot be read";
}

/* Where a byte of the text is: the decoder of libyaml counts nothing else. */
static struct origin origin_of_byte(const char *file, const char *text, size_t offset)
{
	struct origin o = {file, 1, 1};

	for (size_t i = 0; i < offset; i++) {
		o.line += text[i] == '\n';
		o.column = text[i] == '\n' ? 1 : o.column + 1;
	}
	return o;
}

static bool is_tab_indented(const char *text, size_t len, size_t line)
{
	size_t i = 0;

	for (; line && i < len; i++)
		line -= text[i] == '\n';
	while (i < len && text[i] == ' ')
		i++;
	return i < len && text[i] == '\t';
}

int yaml_syntax_error(const yaml_parser_t *p, const char *file, const char *text, size_t len,
		      struct config_errors *errors)
{
	const char *sentence = problem_sentence(p->problem);
	struct origin origin = yaml_origin(file, p->problem_mark);
	char begun[64] = "";

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (p->error == YAML_READER_ERROR)
		origin = origin_of_byte(file, text, p->problem_offset < len ? p->problem_offset : len);
	else if (is_tab_indented(text, len, p->problem_mark.line))
		sentence = "a tab cannot indent; use blanks";
	else if (p->problem && str_equal(p->problem, "found unexpected end of stream"))
		origin = yaml_origin(file, p->context_mark);
	else if (p->context && p->context_mark.line != p->problem_mark.line)
		snprintf(begun, sizeof(begun), " (it begins in line %zu)", p->context_mark.line + 1);
	return config_error(errors, origin, "not valid YAML: %s%s", sentence, begun);
}
