"""Runs an experiment of the Chaos Toolkit against a Toxiproxy: API UPSTREAM."""

import sys

from chaoslib.experiment import run_experiment

api, upstream = sys.argv[1], sys.argv[2]
host, port = upstream.rsplit(":", 1)


def action(name, module, function, **arguments):
    return {
        "type": "action",
        "name": name,
        "provider": {"type": "python", "module": f"chaostoxi.{module}", "func": function, "arguments": arguments},
    }


toxic = {"for_proxy": "p"}
experiment = {
    "version": "1.0.0",
    "title": "everything that the extension can do",
    "description": "each action goes through",
    "configuration": {"toxiproxy_url": f"http://{api}"},
    "method": [
        action("make", "proxy.actions", "create_proxy", proxy_name="p", upstream_host=host,
               upstream_port=int(port), listen_host="127.0.0.1"),
        action("late", "toxic.actions", "create_latency_toxic", toxic_name="late", latency=5, jitter=1, **toxic),
        action("slow", "toxic.actions", "create_bandwith_degradation_toxic", toxic_name="slow", rate=900, **toxic),
        action("close", "toxic.actions", "create_slow_connection_close_toxic", toxic_name="close", delay=5, **toxic),
        action("slice", "toxic.actions", "create_slicer_toxic", toxic_name="slice", average_size=9,
               size_variation=2, delay=5, **toxic),
        action("limit", "toxic.actions", "create_limiter_toxic", toxic_name="limit", bytes_limit=500, **toxic),
        action("gone", "toxic.actions", "delete_toxic", for_proxy="p", toxic_name="limit"),
        action("off", "proxy.actions", "disable_proxy", proxy_name="p"),
        action("on", "proxy.actions", "enable_proxy", proxy_name="p"),
        action("reset", "proxy.actions", "reset"),
        action("away", "proxy.actions", "delete_proxy", proxy_name="p"),
    ],
    "rollbacks": [],
}
journal = run_experiment(experiment)
assert journal["status"] == "completed", journal
for ran in journal["run"]:
    assert ran["status"] == "succeeded", ran
    assert ran["output"] is not False, ran
print("passed")
