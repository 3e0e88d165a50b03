/* SPDX-License-Identifier: Apache-2.0 */
/* A symbol's name, whatever it says: it ends soon, and what is printed fits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"

#define MAX_NAME 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char mangled[MAX_NAME], name[DEMANGLE_MAX];

	if (len >= sizeof(mangled))
		len = sizeof(mangled) - 1;
	memcpy(mangled, data, len);
	mangled[len] = '\0';
	if (demangle(mangled, name) && (*name == '\0' || strnlen(name, sizeof(name)) == sizeof(name)))
		abort();
	return 0;
}
