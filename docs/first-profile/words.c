/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts how often each word stands in a text and prints one of them: words FILE WORD.
 * It is slow on purpose; README.md finds out why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef BUCKETS
#define BUCKETS 64
#endif

struct word {
	struct word *next;
	unsigned long hash, n;
	char text[64];
};

static struct word *buckets[BUCKETS];

static unsigned long hash_word(const char *text)
{
	unsigned long hash = 5381;

	while (*text)
		hash = hash * 33 + (unsigned char)*text++;
	return hash;
}

static struct word *find_word(const char *text)
{
	unsigned long hash = hash_word(text);
	struct word *w = buckets[hash % BUCKETS];

	while (w && (w->hash != hash || strcmp(w->text, text) != 0))
		w = w->next;
	return w;
}

static struct word *add_word(const char *text)
{
	struct word **bucket = &buckets[hash_word(text) % BUCKETS];
	struct word *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	snprintf(w->text, sizeof(w->text), "%s", text);
	w->hash = hash_word(text);
	w->next = *bucket;
	*bucket = w;
	return w;
}

static void count_words(FILE *f)
{
	char text[64];

	while (fscanf(f, "%63s", text) == 1) {
		struct word *w = find_word(text);

		if (!w)
			w = add_word(text);
		w->n++;
	}
}

int main(int argc, char **argv)
{
	FILE *f = argc == 3 ? fopen(argv[1], "r") : NULL;
	struct word *w;

	if (!f) {
		fprintf(stderr, "usage: words FILE WORD\n");
		return 2;
	}
	count_words(f);
	w = find_word(argv[2]);
	printf("%s: %lu\n", argv[2], w ? w->n : 0);
	fclose(f);
	return 0;
}
