/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/fixture.h"

#include "plugin/descriptor.h"
#include "plugin/loader.h"
#include "util/str.h"

/* A struct of ours as a later header might have it. */
struct known {
	uint32_t size, a;
	uint64_t b;
};

struct later {
	struct known known;
	uint64_t c, d;
};

static void adopted_struct_holds_what_both_know(void **state)
{
	static const struct {
		uint32_t size;
		int answer;
		uint32_t adopted;
		uint64_t b;
	} cases[] = {
		{ 16, 0, 16, 2 }, { 8, 0, 8, 0 },       { 24, 0, 16, 2 },
		{ 32, 0, 16, 2 }, { 0, -EINVAL, 0, 0 }, { 12, -EINVAL, 0, 0 },
		{ 4, -EINVAL, 0, 0 }, { 0xfffffff8, -EINVAL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct later theirs = { .known = { .size = cases[i].size, .a = 1, .b = 2 } };
		struct known ours = { .b = 99 };
		uint32_t offset;

		assert_int_equal(descriptor_adopt(&ours, sizeof(ours), &theirs, &offset),
				 cases[i].answer);
		if (cases[i].answer < 0) {
			assert_int_equal(ours.b, 99);
			continue;
		}
		assert_int_equal(ours.size, cases[i].adopted);
		assert_int_equal(ours.a, 1);
		assert_int_equal(ours.b, cases[i].b);
	}
}

static void unknown_tail_is_refused_by_its_first_byte_that_is_not_zero(void **state)
{
	struct later theirs = { .known = { .size = sizeof(theirs) } };
	struct known ours = {};
	uint32_t offset = 0;

	(void)state;
	for (size_t i = sizeof(struct known); i < sizeof(theirs); i++) {
		((uint8_t *)&theirs)[i] = 1;
		assert_int_equal(descriptor_adopt(&ours, sizeof(ours), &theirs, &offset), -E2BIG);
		assert_int_equal(offset, i);
		((uint8_t *)&theirs)[i] = 0;
	}
	assert_int_equal(descriptor_adopt(&ours, sizeof(ours), &theirs, &offset), 0);
}

/* ---- whole descriptors: a good one, and one change that makes it bad ---- */

struct sample {
	struct hearth_option options[2], verb_options[2];
	struct hearth_component component, other;
	const struct hearth_component *components[3];
	struct hearth_verb verb, other_verb;
	const struct hearth_verb *verbs[3];
	struct hearth_plugin plugin;
};

static int32_t create(const struct hearth_host *h, void **ret)
{
	(void)h;
	(void)ret;
	return 0;
}

static int32_t consume(void *instance, const struct hearth_batch *b)
{
	(void)instance;
	(void)b;
	return 0;
}

static int32_t call(const struct hearth_verb_call *c)
{
	(void)c;
	return 0;
}

static int32_t plan(const struct hearth_verb_call *c, struct hearth_run_plan *ret)
{
	(void)c;
	(void)ret;
	return 0;
}

static struct hearth_component good_component(const char *name, const struct hearth_option *options)
{
	return (struct hearth_component){
		.size = sizeof(struct hearth_component), .kind = HEARTH_SINK, .name = name,
		.accepts = "hearth.profile/1", .create = create, .consume = consume, .destroy = free,
		.options = options, .n_options = 2, .option_stride = sizeof(*options),
	};
}

static void make_good(struct sample *s)
{
	*s = (struct sample){
		.options = { { .name = "rate", .type = HEARTH_INT, .def = "5", .min = 1, .max = 9 },
			     { .name = "path", .type = HEARTH_STRING, .flags = HEARTH_REQUIRED } },
		.verb_options = { { .name = "force", .type = HEARTH_BOOL, .letter = 'f' },
				  { .name = "plugin", .type = HEARTH_LIST, .letter = 'p' } },
		.component = good_component("good", s->options),
		.other = good_component("other", s->options),
		.components = { &s->component, &s->other },
		.verb = { .size = sizeof(s->verb), .name = "act", .call = call,
			  .options = s->verb_options, .n_options = 2,
			  .option_stride = sizeof(s->verb_options[0]) },
		.other_verb = { .size = sizeof(s->verb), .name = "plan", .plan = plan },
		.verbs = { &s->verb, &s->other_verb },
		.plugin = { .size = sizeof(s->plugin), .name = "good", .version = "1",
			    .components = s->components, .verbs = s->verbs },
	};
}

static int read_sample(const struct sample *s, char **ret_why)
{
	struct plugin *p = calloc(1, sizeof(*p));
	int r;

	p->name = strdup("good");
	r = descriptor_read(p, &s->plugin, ret_why);
	plugin_free(p);
	return r;
}

#define BREAK(name, statement) \
	static void break_##name(struct sample *s) \
	{ \
		statement; \
	}

BREAK(nothing, (void)s)
BREAK(size, s->plugin.size = 0)
BREAK(minor, s->plugin.abi_minor = 1)
BREAK(no_name, s->plugin.name = NULL)
BREAK(name, s->plugin.name = "bad")
BREAK(empty, s->plugin.components = NULL; s->plugin.verbs = NULL)
BREAK(component_name, s->other.name = "Other")
BREAK(component_twice, s->other.name = "good")
BREAK(component_size, s->other.size = 3)
BREAK(kind, s->component.kind = 6)
BREAK(component_flags, s->component.flags = 4)
BREAK(finite_sink, s->component.flags = HEARTH_FINITE)
BREAK(create, s->component.create = NULL)
BREAK(destroy, s->component.destroy = NULL)
BREAK(consume, s->component.consume = NULL)
BREAK(accepts, s->component.accepts = NULL)
BREAK(emits, s->component.kind = HEARTH_PROCESSOR)
BREAK(schema, s->component.accepts = "hearth.profile")
BREAK(schema_blank, s->component.accepts = " ")
BREAK(options, s->component.options = NULL)
BREAK(stride, s->component.option_stride = 4)
BREAK(n_options, s->component.n_options = 257)
BREAK(option_name, s->options[0].name = "Rate")
BREAK(option_no_name, s->options[0].name = NULL)
BREAK(option_twice, s->options[1].name = "rate")
BREAK(option_reserved, s->options[1].name = "inputs")
BREAK(option_type, s->options[0].type = 11)
BREAK(option_flags, s->options[0].flags = 64)
BREAK(option_required, s->options[0].flags = HEARTH_REQUIRED)
BREAK(option_repeat, s->options[0].flags = HEARTH_REPEAT)
BREAK(option_range, s->options[0].min = 10)
BREAK(option_default, s->options[0].def = "10")
BREAK(option_choice, s->options[0].type = HEARTH_CHOICE)
BREAK(option_secret, s->options[0].type = HEARTH_SECRET_FILE)
BREAK(option_letter, s->verb_options[0].letter = '-')
BREAK(option_letters, s->verb_options[1].letter = 'f')
BREAK(verb_name, s->verb.name = "")
BREAK(verb_twice, s->other_verb.name = "act")
BREAK(verb_neither, s->verb.call = NULL)
BREAK(verb_both, s->verb.plan = plan)
BREAK(verb_flags, s->verb.flags = 1)

#define UNKNOWN_NAME "its name must be lower-case letters, digits and \"-\""

static const struct {
	void (*break_it)(struct sample *s);
	int answer;
	const char *why;
} cases[] = {
	{ break_nothing, 0, NULL },
	{ break_size, -EINVAL,
	  "struct hearth_plugin has no valid size; set .size = sizeof(struct hearth_plugin)" },
	{ break_minor, -EPROTO, "needs plugin ABI 0.1, this hearth has 0.0; update hearth" },
	{ break_no_name, -EINVAL, "does not say its name; set .name = \"good\"" },
	{ break_name, -EINVAL, "the file is good.so but the plugin calls itself \"bad\"; give the "
			       "file its own name back" },
	{ break_empty, -EINVAL, "declares neither a component nor a verb" },
	{ break_component_name, -EINVAL, "component number 2: " UNKNOWN_NAME },
	{ break_component_twice, -EINVAL, "component \"good\": listed twice" },
	{ break_component_size, -EINVAL,
	  "component number 2: struct hearth_component has no valid size; set .size = "
	  "sizeof(struct hearth_component)" },
	{ break_kind, -EINVAL, "component \"good\": kind 6 is none that this hearth knows" },
	{ break_component_flags, -EINVAL,
	  "component \"good\": flags 0x4 are none that this hearth knows" },
	{ break_finite_sink, -EINVAL, "component \"good\": only a source can be HEARTH_FINITE" },
	{ break_create, -EINVAL, "component \"good\": a sink needs the callback create()" },
	{ break_destroy, -EINVAL, "component \"good\": a sink needs the callback destroy()" },
	{ break_consume, -EINVAL, "component \"good\": a sink needs the callback consume()" },
	{ break_accepts, -EINVAL,
	  "component \"good\": a sink must say what it accepts; set .accepts" },
	{ break_emits, -EINVAL, "component \"good\": a processor must say what it emits; set .emits" },
	{ break_schema, -EINVAL, "component \"good\": \"hearth.profile\" is not a list of schemas "
				 "like \"hearth.profile/1\"" },
	{ break_schema_blank, -EINVAL,
	  "component \"good\": \" \" is not a list of schemas like \"hearth.profile/1\"" },
	{ break_options, -EINVAL, "component \"good\": has 2 options but no table; set .options" },
	{ break_stride, -EINVAL, "component \"good\": has no valid option_stride; set it to "
				 "sizeof(struct hearth_option)" },
	{ break_n_options, -EINVAL, "component \"good\": has 257 options; 256 are allowed" },
	{ break_option_name, -EINVAL, "component \"good\": option number 1: its name must be "
				      "lower-case letters, digits and \"_\"" },
	{ break_option_no_name, -EINVAL, "component \"good\": option number 1: its name must be "
					 "lower-case letters, digits and \"_\"" },
	{ break_option_twice, -EINVAL, "component \"good\": option \"rate\" is listed twice" },
	{ break_option_reserved, -EINVAL,
	  "component \"good\": option \"inputs\" has a name that is the host's own" },
	{ break_option_type, -EINVAL,
	  "component \"good\": option \"rate\": its type is none that this hearth knows" },
	{ break_option_flags, -EINVAL,
	  "component \"good\": option \"rate\": it has flags that this hearth does not know" },
	{ break_option_required, -EINVAL,
	  "component \"good\": option \"rate\": it is required and has a default" },
	{ break_option_repeat, -EINVAL,
	  "component \"good\": option \"rate\": only a list or a string can be given several times" },
	{ break_option_range, -EINVAL,
	  "component \"good\": option \"rate\": its minimum is above its maximum" },
	{ break_option_default, -EINVAL, "component \"good\": option \"rate\": its own default is "
					 "refused: must be an integer, 1 to 9; found \"10\"" },
	{ break_option_choice, -EINVAL,
	  "component \"good\": option \"rate\": a choice needs choices, as \"a|b\"" },
	{ break_option_secret, -EINVAL,
	  "component \"good\": option \"rate\": a secret cannot have a default" },
	{ break_option_letter, -EINVAL,
	  "verb \"act\": option \"force\": its short form must be a letter or a digit" },
	{ break_option_letters, -EINVAL,
	  "verb \"act\": options \"force\" and \"plugin\" have the same short form -f" },
	{ break_verb_name, -EINVAL, "verb number 1: " UNKNOWN_NAME },
	{ break_verb_twice, -EINVAL, "verb \"act\": listed twice" },
	{ break_verb_neither, -EINVAL,
	  "verb \"act\": a verb needs either plan() or call(), this one has neither" },
	{ break_verb_both, -EINVAL,
	  "verb \"act\": a verb needs either plan() or call(), this one has both" },
	{ break_verb_flags, -EINVAL, "verb \"act\": flags 0x1 are none that this hearth knows" },
};

static void every_mistake_of_a_descriptor_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *reason = NULL;
		struct sample s;

		make_good(&s);
		cases[i].break_it(&s);
		assert_int_equal(read_sample(&s, &reason), cases[i].answer);
		if (cases[i].why)
			assert_string_equal(reason, cases[i].why);
		else
			assert_null(reason);
		free(reason);
	}
}

static void list_without_an_end_is_not_followed_for_ever(void **state)
{
	const struct hearth_component *many[66];
	char *reason = NULL;
	struct sample s;

	(void)state;
	make_good(&s);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = &s.component;
	s.plugin.components = many;
	assert_int_equal(read_sample(&s, &reason), -EINVAL);
	assert_string_equal(reason, "lists more than 64 components; the list must end with NULL");
	free(reason);
}

static void option_rows_are_read_by_their_stride(void **state)
{
	struct {
		struct hearth_option row;
		uint64_t later;
	} wide[2] = { { .row = { .name = "a", .type = HEARTH_INT } },
		      { .row = { .name = "b", .type = HEARTH_INT } } };
	char *reason = NULL;
	struct sample s;

	(void)state;
	make_good(&s);
	s.component.options = &wide[0].row;
	s.component.option_stride = sizeof(wide[0]);
	assert_int_equal(read_sample(&s, &reason), 0);
	wide[1].later = 1;
	assert_int_equal(read_sample(&s, &reason), -E2BIG);
	assert_string_equal(reason, "component \"good\": option \"b\" sets byte 72 of struct "
				    "hearth_option, of which this hearth knows 72 bytes; it needs a "
				    "newer hearth");
	free(reason);
}

static void name_is_words_of_lower_case_joined_by_dashes(void **state)
{
	static const struct {
		const char *name;
		bool is_valid;
	} names[] = {
		{ "a", true }, { "cpu-sampler", true }, { "4x", true }, { "", false },
		{ "-a", false }, { "a_b", false }, { "A", false }, { "a/b", false }, { NULL, false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(descriptor_name_is_valid(names[i].name), names[i].is_valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adopted_struct_holds_what_both_know),
		cmocka_unit_test(unknown_tail_is_refused_by_its_first_byte_that_is_not_zero),
		cmocka_unit_test(every_mistake_of_a_descriptor_is_named),
		cmocka_unit_test(list_without_an_end_is_not_followed_for_ever),
		cmocka_unit_test(option_rows_are_read_by_their_stride),
		cmocka_unit_test(name_is_words_of_lower_case_joined_by_dashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
