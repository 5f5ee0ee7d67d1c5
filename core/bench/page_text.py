"""The HTML page of a benchmark, as a Jinja template."""

from __future__ import annotations

from typing import Final

PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Benchmark of autoscaling policies</title>
<style>
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; margin: 2rem auto; max-width: 84rem;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #e3e6ea; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
td.good { background: #e4f3e6; } small { color: #5b6570; }
</style>
</head>
<body>
<h1>Benchmark of autoscaling policies</h1>
<p>{{ report.request.workloads | length }} workloads, {{ report.request.seeds }} seeds each.
Calibrated on the training suite:
{% for kind, spec in rivals.items() %}{{ kind }} as <code>{{ spec }}</code>{{ ", " if not loop.last
}}{% endfor %}. Score = pod-hours / needed pod-hours + 30 × share of requests over the SLO; lower is
better. A ratio below 1 (green) beats the rival.</p>

<h2>Policies</h2>
<p>Geometric mean over workloads, the 95 % interval over seeds, and the worst workload.</p>
<div class="scroll"><table>
<tr><th>policy</th><th>score</th><th>over SLO</th>
{% for title in ("to calibrated HPA", "to calibrated rule", "cost in hindsight") %}
<th>{{ title }}</th><th class="text">worst</th>{% endfor %}
<th>gap closed</th><th>churn ratio</th></tr>
{% for one in report.summaries %}
<tr><td>{{ one.policy }}</td><td>{{ one.score | ratio }}</td>
<td>{{ one.slo_violation_ratio | percent }}</td>
{% for name in ("score_ratio_calibrated", "score_ratio_rule", "cost_ratio_hindsight") %}
{% set found = one.ratios[name] %}
<td{% if found.mean is not none and found.mean < 1 %} class="good"{% endif %}>{{ found.mean | ratio
}} <small>{{ found.interval | span }}</small></td>
<td class="text">{{ found.worst | ratio }} <small>{{ found.worst_workload or "" }}</small></td>
{% endfor %}
<td>{{ one.gap_closed | share }}</td><td>{{ one.ratios["churn_ratio"].mean | ratio }}</td></tr>
{% endfor %}
</table></div>

<h2>Cost against violations</h2>
<p>Left is cheap, below is calm. Each dot is a setting, each line the settings that none beats; the
oracle knows the traffic beforehand. Click on names in the legend to see only these.</p>
<div class="scroll">{{ chart | safe }}</div>

<h2>Workloads</h2>
<div class="scroll"><table>
<tr><th>workload</th><th class="text">policy</th><th>over SLO</th><th>pod-hours</th><th>churn</th>
<th>p95 ms</th><th>p99 ms</th><th>score</th><th>to calibrated HPA</th><th>to calibrated rule</th>
<th>cost in hindsight</th><th class="text">of</th><th>gap closed</th></tr>
{% for row in report.rows %}{% set one = row.comparison %}
<tr><td>{{ row.workload }}</td><td class="text">{{ row.policy }}</td>
<td>{{ one.slo_violation_ratio | percent }}</td><td>{{ "%.1f" | format(one.pod_hours) }}</td>
<td>{{ "%.0f" | format(one.churn) }}</td>
<td>{{ "–" if row.latency_p95_ms is none else "%.0f" | format(row.latency_p95_ms) }}</td>
<td>{{ "–" if row.latency_p99_ms is none else "%.0f" | format(row.latency_p99_ms) }}</td>
<td>{{ one.score | ratio }} <small>{{ row.score_interval | span }}</small></td>
{% for value in (one.score_ratio_calibrated, one.score_ratio_rule, one.cost_ratio_hindsight) %}
<td{% if value is not none and value < 1 %} class="good"{% endif %}>{{ value | ratio }}{{
"*" if loop.last and not one.hindsight_reached }}</td>{% endfor %}
<td class="text"><small>{{ one.hindsight_setting }}</small></td>
<td>{{ one.gap_closed | share }}</td></tr>
{% endfor %}
</table></div>
{% if unreached %}<p>* No HPA setting violates that little: compared with the least violating
one.</p>{% endif %}
</body>
</html>
"""
