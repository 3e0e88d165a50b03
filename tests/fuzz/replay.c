/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds a fuzz target every file of a corpus folder, every prefix of each (up to 512 of them)
 * and every flipped byte (up to 4,096), so that the corpus is a plain test.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void run_exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1); /* exact size, so that a sanitizer sees an overrun */

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void run_variants(uint8_t *data, size_t len)
{
	size_t step = len / 512 + 1, flip = len / 4096 + 1;

	for (size_t n = 0; n < len; n += step)
		run_exact(data, n);
	for (size_t i = 0; i < len; i += flip) {
		data[i] ^= 0xff;
		run_exact(data, len);
		data[i] ^= 0xff;
	}
	run_exact(data, len);
}

int main(int argc, char **argv)
{
	unsigned int n = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int count = scandir(argv[i], &entries, NULL, alphasort);

		for (int k = 0; k < count; k++) {
			char path[4096];
			static uint8_t data[1 << 20];
			FILE *f;

			snprintf(path, sizeof(path), "%s/%s", argv[i], entries[k]->d_name);
			free(entries[k]);
			if (strstr(path, "/.") || !(f = fopen(path, "rb")))
				continue;
			run_variants(data, fread(data, 1, sizeof(data), f));
			fclose(f);
			n++;
		}
		if (count >= 0)
			free(entries);
	}
	printf("%u corpus files\n", n);
	return n ? 0 : 1;
}
