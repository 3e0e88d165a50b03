/* SPDX-License-Identifier: Apache-2.0 */
/* Exports the right name, but as code. */
__attribute__((visibility("default"))) int hearth_plugin_v0(void);

int hearth_plugin_v0(void)
{
	return 0;
}
