"""A real cluster in miniature for tests: control plane, Prometheus, and a service that is scaled.

etcd, kube-apiserver, kube-controller-manager and Prometheus are the real programs, found through
`KUBEBUILDER_ASSETS`. Everything listens on loopback and lives in one temporary directory. What a
control plane alone lacks is played here: the kubelet (nodes, binding, start-up, readiness,
deletion), the scheduler, and the service with its traffic. The fault proxies stand at the
outermost edge, between the code under test and a real server.

Tests ask for a fixture:

    def test_something(stack: Stack, namespace: str) -> None:
        web = stack.create_deployment(namespace, "web", replicas=2)
        stack.wait_ready(namespace, "web", 2)
        with stack.load(web.url, rps=30):
            ...

`stack` is started once per session (it skips the test, with one line, where the programs are
missing) and is whole again after each test: faults gone, processes running, default behaviour of
pods. `namespace` is a fresh one for this test; it is deleted afterwards.

Connection (class `tests.stack.stack.Stack`)
    stack.kubeconfig(user="admin") -> Path    contexts "direct" (current) and "proxied"
    stack.service_account(namespace, name) -> Path    the same, for a ServiceAccount's token
    stack.client(user="admin") -> kubernetes.client.ApiClient
    stack.api_url, stack.prometheus_url       the servers themselves
    stack.api_proxy.url, stack.prometheus_proxy.url, stack.secure_prometheus_proxy.url
    stack.ca_file                             what both TLS proxies and the API server present
    users: "admin" (system:masters), "limited" and "other" (no rights until granted)

Objects
    stack.create_namespace() -> str
    stack.create_deployment(namespace, name="web", replicas=2, shape=ServiceShape(workers=2,
        service_time_s=0.1, slo_s=0.5, metrics=("http",), …)) -> Deployed: .url .service …
    stack.create_hpa(namespace, name, minimum, maximum, cpu_percent=60)
    stack.create_scaled_object(namespace, name)     a KEDA object, and its API
    stack.create_quota(namespace, pods)
    stack.grant(namespace, user, rules)             Role + RoleBinding, waits until they hold
    stack.apply(manifest), stack.delete(path), stack.get(path) -> dict
    stack.scale(namespace, name, replicas)          as somebody with kubectl would
    stack.replicas(namespace, name) -> int          what is asked for
    stack.roll_out(namespace, name)                 a new revision of the pods
    stack.wait_ready(namespace, name, replicas, timeout_s=20.0)
    stack.enable_resource_metrics()                 metrics.k8s.io, through the real aggregator

Pods (`stack.kubelet`)
    stack.kubelet.configure(namespace, PodBehaviour(startup_median_s=0.3, startup_sigma=0.0,
        schedulable_pods=None, crash_looping=False, becomes_ready=True, termination_s=0.1))
    stack.kubelet.crash(namespace, count), stack.kubelet.ready_pods(namespace, name)

Traffic
    stack.load(url, rps) -> Load            open loop; a context manager; .set_rate(), .counts

Metrics
    stack.query(promql) -> list of results, straight from Prometheus
    metrics of a deployment: "http", "nginx", "istio" request naming; container CPU and memory
    (each container's and, as cAdvisor does, the pod's sum without a container's name), and
    kube-state-metrics' requests, ready replicas and pod times in every case
    stack.prometheus.backfill(openmetrics)  history from before the start

What happened
    stack.audit.mark() -> int, stack.audit.entries(since=…, user=…), stack.audit.writes(…)

Faults
    stack.api_server / stack.prometheus: .kill() .stop() .start() .pause() .resume()
    stack.api_proxy.inject(fault, method=…, path=…, query=…, times=…) -> Injection: .hits,
        .remove(), a context manager; .refuse() / .accept() connections, .refusing(),
        .end_watches(path, gone=True), .require(authorization), .seen
    faults (module `tests.stack.faults`): Delay, Hang, Drop, Answer, WatchGone, Skew, Rewrite,
        api_status(429, retry_after_s=2), prometheus_error(…); answers of Prometheus changed:
        not_a_number(), no_samples(), two_series(), not_json()

By hand: `python -m tests.stack` runs all of it with a wave of traffic until Ctrl-C.
"""
