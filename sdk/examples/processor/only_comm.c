/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A processor: lets only samples of processes with one name through. What it shows: a derived
 * batch that replaces one table and shares all others, losses that keep the sums honest, and a
 * required option. A full lossless route answers -EAGAIN, and the host calls consume() again.
 */
#include <hearth/flat_builder.h>
#include <hearth/profile_builder.h>

struct processor {
	const struct hearth_host *host;
	const char *comm;
};

static const struct hearth_option options[] = {
	{ "comm", NULL, "name of the processes to keep", NULL, NULL, 0, 0, HEARTH_STRING,
	  HEARTH_REQUIRED, 0, 0 },
};

static int32_t processor_create(const struct hearth_host *h, void **ret_instance)
{
	struct processor *p = (struct processor *)calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->host = h;
	p->comm = h->option_string(h, "comm");
	if (strlen(p->comm) > 15) {
		free(p);
		return h->refuse(h, "comm", "the kernel keeps 15 bytes of a name; shorten it");
	}
	*ret_instance = p;
	return 0;
}

static int is_wanted(const struct processor *p, const struct hearth_flat *f,
		     const struct hearth_sample *s)
{
	struct hearth_thread t = hearth_profile_thread(f, s->thread);
	struct hearth_process process = hearth_profile_process(f, t.process);

	return strcmp(hearth_flat_string(f, process.comm), p->comm) == 0;
}

/* A table that we replace hides the parent's, so what it said is repeated. */
static void copy_losses(struct hearth_flat_builder *b, const struct hearth_flat *f)
{
	uint64_t i;

	for (i = 0; i < hearth_flat_count(f, HEARTH_PROFILE_LOSSES); i++) {
		struct hearth_loss loss = hearth_profile_loss(f, i);

		hearth_flat_append(b, HEARTH_PROFILE_LOSSES, &loss, sizeof(loss));
	}
}

static int32_t processor_consume(void *instance, const struct hearth_batch *batch)
{
	struct processor *p = (struct processor *)instance;
	struct hearth_flat_builder b;
	struct hearth_flat f;
	uint64_t i, n_left_out = 0;
	int32_t r = hearth_profile_open(&f, batch);

	if (r < 0)
		return r;
	hearth_flat_init(&b);
	hearth_flat_derive(&b, &f);
	for (i = 0; i < hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES); i++) {
		struct hearth_sample s = hearth_profile_sample(&f, i);

		if (is_wanted(p, &f, &s))
			hearth_build_sample(&b, &s);
		else
			n_left_out++;
	}
	copy_losses(&b, &f);
	hearth_build_loss(&b, HEARTH_LOSS_SAMPLES, "left out by only-comm", n_left_out);
	/* A window in which nothing is left carries no sample table that could hide the parent's. */
	r = b.n_items ? hearth_flat_emit(&b, p->host, HEARTH_PROFILE_SCHEMA, &f) : 0;
	hearth_flat_done(&b);
	if (r >= 0)
		p->host->count(p->host, "samples_lost.left out by only-comm", n_left_out);
	return r;
}

static const struct hearth_component component = {
	sizeof(struct hearth_component), HEARTH_PROCESSOR, 0, 1, sizeof(options[0]), 0,
	"only-comm", "keeps the samples of processes with one name", NULL,
	HEARTH_PROFILE_SCHEMA, HEARTH_PROFILE_SCHEMA, options,
	processor_create, NULL, processor_consume, NULL, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL, free, NULL, NULL, NULL,
};
static const struct hearth_component *const components[] = { &component, NULL };
const struct hearth_plugin hearth_plugin_v0 = {
	sizeof(struct hearth_plugin), 0, "only-comm", "1.0", "Apache-2.0", components, NULL,
};
