package workloads

import (
	"context"
	"fmt"
	"strings"

	"github.com/dsconform/dsconform/framework/kubectl"
)

// cniInstalled: the init container ran before the agent, and had its ConfigMap.
func cniInstalled(_ context.Context, r *running) {
	for _, p := range r.pods {
		st := p.Status.InitContainerStatuses
		ok := len(st) == 1 && st[0].State.Terminated != nil && st[0].State.Terminated.ExitCode == 0
		r.e.That(ok, "the init container of "+p.Name+" ran to its end before the agent", "%+v", st)
	}
}

// filebeatConfigured: the ConfigMap's one key is mounted as a file by subPath.
func filebeatConfigured(ctx context.Context, r *running) {
	p := r.pods[0]
	text := r.get(ctx, p, "filebeat", "/file?path=/etc/filebeat.yml")
	r.e.That(strings.Contains(text, "filebeat.inputs"), "filebeat's configuration is the ConfigMap's", "%s", text)
}

// downwardAPI: node, pod and namespace by fieldRef, one distinct value a pod.
func downwardAPI(ctx context.Context, r *running) {
	for _, p := range r.pods {
		env := r.get(ctx, p, "agent", "/env")
		for _, want := range []string{"NODE_NAME=" + p.Spec.NodeName, "POD_NAME=" + p.Name, "POD_NAMESPACE=" + p.Namespace} {
			r.e.That(strings.Contains("\n"+env, "\n"+want+"\n"), p.Name+" has "+want+" by the downward API", "%s", env)
		}
	}
}

// lockedDown: the security context has its effect inside, not only in the object.
func lockedDown(ctx context.Context, r *running) {
	for _, p := range r.pods {
		write := r.e.Kubectl.Exec(ctx, p.Name, "agent", "/bin/sh", "-c", "echo x > /written")
		r.must(write)
		r.e.That(!write.OK() && strings.Contains(write.Stdout+write.Stderr, "read-only file system"), "the root file system of "+p.Name+" is read-only", "%s", write)
		r.must(r.e.Kubectl.Exec(ctx, p.Name, "agent", "/bin/sh", "-c", "echo x > /tmp/written"))
		status := r.get(ctx, p, "agent", "/file?path=/proc/self/status")
		// Bit 10 is CAP_NET_BIND_SERVICE, the only capability that is added.
		for _, want := range []string{"CapBnd:\t0000000000000400", "NoNewPrivs:\t1"} {
			r.e.That(strings.Contains(status, want), p.Name+" is left with "+want, "%s", status)
		}
		config := r.get(ctx, p, "agent", "/file?path=/etc/agent/agent.yaml")
		r.e.That(strings.Contains(config, "interval"), "the ConfigMap is mounted", "%s", config)
	}
}

// must ends the spec as unknown if the command did not end by itself.
func (r *running) must(res kubectl.Result) {
	if !res.Ran() {
		r.e.Must(res.Err, "run `%s`", res.CommandLine())
	}
}

// scraped: each node's exporter tells of that node, through its host port, and
// the headless Service has one ready endpoint for each.
func scraped(ctx context.Context, r *running) {
	for _, p := range r.pods {
		raw, err := r.e.Client.CoreV1().RESTClient().Get().
			AbsPath(fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:9100/proxy/metrics", p.Namespace, p.Name)).DoRaw(ctx)
		r.e.Must(err, "scrape pod %s through the API server", p.Name)
		text := string(raw)
		for _, want := range []string{fmt.Sprintf("nodename=%q", p.Spec.NodeName), "node_memory_MemTotal_bytes ", "node_cpu_seconds_total{"} {
			r.e.That(strings.Contains(text, want), "the exporter of "+p.Spec.NodeName+" tells "+want, "%.400s", text)
		}
	}
	var nodes []string
	for _, p := range r.pods {
		nodes = append(nodes, p.Spec.NodeName)
	}
	r.oneEndpointEach(ctx, "node-exporter", nodes)
}
