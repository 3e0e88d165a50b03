/* SPDX-License-Identifier: Apache-2.0 */
/* An ordinary library: no descriptor. */
int nothing_of_hearth(void);

int nothing_of_hearth(void)
{
	return 0;
}
