package workloads

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
)

// example is one example of the guide and what is special about it.
type example struct {
	fixture string
	shows   string
	covers  []string
	smoke   bool
	slow    bool
	// scheduled says that its images' own health, not the test program's, is asked for.
	foreign bool
	// extra judges what only this example has.
	extra func(context.Context, *running)
}

// examples are in the guide's order, which their IDs keep.
func examples() []example {
	return []example{
		{fixture: "fluentd", shows: "a log collector on every node, control plane included", smoke: true},
		{fixture: "gpu-monitoring", shows: "a monitor on accelerated nodes, in the node's network and PID namespaces", covers: []string{"DS-PLC-002", "DS-HST-001"}},
		{fixture: "calico-node", shows: "a network agent with an init container, exec probes and every toleration", covers: []string{"DS-POD-013", "DS-PRI-003", "DS-PRI-004"}, extra: cniInstalled},
		{fixture: "monitoring-agent", shows: "an agent updated by RollingUpdate"},
		{fixture: "critical-system-agent", shows: "a privileged agent updated by OnDelete"},
		{fixture: "ssd-monitoring", shows: "an agent on nodes with two labels", covers: []string{"DS-PLC-002"}},
		{fixture: "edge-agent", shows: "an agent by required affinity, which a preferred one does not widen or narrow", covers: []string{"DS-PLC-003", "DS-PLC-007"}},
		{fixture: "system-monitor", shows: "a monitor that tolerates maintenance, in the node's namespaces", covers: []string{"DS-TOL-005", "DS-HST-001"}},
		{fixture: "filebeat", shows: "a log shipper with its configuration in a ConfigMap", covers: []string{"DS-HST-005"}, slow: true, extra: filebeatConfigured},
		{fixture: "node-exporter", shows: "the real node_exporter, scraped", covers: []string{"DS-HST-002", "DS-HST-009"}, foreign: true, extra: scraped},
		{fixture: "csi-driver-node", shows: "two containers that share the kubelet's plug-in folders", covers: []string{"DS-HST-005"}},
		{fixture: "resource-optimized-agent", shows: "an agent with probes, a stop hook and a priority class", covers: []string{"DS-HST-007", "DS-PRI-003"}, slow: true, extra: downwardAPI},
		{fixture: "secure-agent", shows: "an agent without root, capabilities or a writable root file system", covers: []string{"DS-HST-008"}, extra: lockedDown},
		{fixture: "observable-agent", shows: "an agent with start-up, readiness and liveness probes", covers: []string{"DS-POD-013"}, slow: true},
		{fixture: "ha-agent", shows: "an agent that tolerates every taint and drains when stopped", covers: []string{"DS-TOL-006"}, slow: true},
	}
}

// Specs gives the specs of the area.
func Specs() []framework.Spec {
	var specs []framework.Spec
	for i, ex := range examples() {
		specs = append(specs, framework.Spec{
			ID:    fmt.Sprintf("DS-GDE-%03d", i+1),
			Area:  framework.Workloads,
			Title: "the guide's " + ex.fixture,
			Behaviour: fmt.Sprintf("The guide's %s, %s, MUST run available on exactly the eligible nodes, as its template says, and reach what it mounts.",
				ex.fixture, ex.shows),
			Clauses: []string{"the guide: example " + ex.fixture, "concepts/workloads/controllers/daemonset"},
			Covers:  append([]string{"DS-PLC-001", "DS-PLC-022"}, ex.covers...),
			Level:   framework.Core,
			Why:     "An example is copied as it stands; a controller that drops any part of its template breaks the daemon only on the nodes, where nobody looks.",
			Needs:   []framework.Ability{framework.RealKubelet},
			Nodes:   framework.NodeNeed{All: true},
			Smoke:   ex.smoke,
			Slow:    ex.slow,
			Body:    func(ctx context.Context, e *framework.Env) { judge(ctx, e, ex) },
		})
	}
	return specs
}
