/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the plugin in a mock host: no Hearth, no privileges, a clock that the test moves. */
#undef NDEBUG
#include <assert.h>

#include <hearth/metrics.h>
#include <hearth/mock.h>

int main(void)
{
	struct hearth_metric_point point;
	struct hearth_flat f;
	struct hearth_mock m;

	hearth_mock_init(&m, hearth_plugin_v0.components[0]);
	assert(hearth_mock_set(&m, "interval=1s") == 0);
	assert(hearth_mock_set(&m, "interval=0s") == -EINVAL);
	assert(hearth_mock_set(&m, "interval=1s") == 0);
	assert(hearth_mock_create(&m) == 0 && hearth_mock_start(&m) == 0);

	hearth_mock_advance(&m, 3 * HEARTH_MOCK_SECOND);
	assert(m.n_emitted == 3);
	assert(hearth_metrics_open(&f, hearth_mock_emitted(&m, 2)) == 0);
	point = hearth_metrics_point(&f, 0);
	assert(strcmp(hearth_flat_string(&f, point.name), "hello.count") == 0);
	assert(point.value > 2.9 && point.value < 3.1);

	assert(hearth_mock_done(&m) == 0);
	return 0;
}
