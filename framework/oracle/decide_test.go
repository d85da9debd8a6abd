package oracle

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func node(name string, labels map[string]string, taints ...corev1.Taint) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.NodeSpec{Taints: taints}}
}

func taint(key, value string, effect corev1.TaintEffect) corev1.Taint {
	return corev1.Taint{Key: key, Value: value, Effect: effect}
}

func daemonSet(edit ...func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: "spec", Name: "agent", UID: "U", Generation: 1,
		Annotations: map[string]string{appsv1.DeprecatedTemplateGeneration: "1"},
	}}
	ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "agent"}}
	ds.Spec.UpdateStrategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
	ds.Spec.Template.Labels = map[string]string{"app": "agent"}
	ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: "agent", Image: "agent:v1"}}
	for _, e := range edit {
		e(ds)
	}
	return ds
}

func selector(kv ...string) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) {
		m := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		ds.Spec.Template.Spec.NodeSelector = m
	}
}

func require(terms ...corev1.NodeSelectorTerm) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
		}}
	}
}

func labelTerm(reqs ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: reqs}
}

func is(key string, op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: op, Values: values}
}

func tolerate(t ...corev1.Toleration) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Tolerations = t }
}

func hostNetwork(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.HostNetwork = true }

// The table follows the probes of the released controller and the placement rows of the catalogue.
func TestDecide(t *testing.T) {
	const (
		no   = "no"
		keep = "keep"
		run  = "run"
	)
	ssd := map[string]string{"disk": "ssd", "cores": "8"}
	seconds := int64(300)
	for name, tc := range map[string]struct {
		node *corev1.Node
		ds   *appsv1.DaemonSet
		want string
		why  string
	}{
		"plain":                                    {node("n", nil), daemonSet(), run, ""},
		"not-ready:NoSchedule":                     {node("n", nil, taint(corev1.TaintNodeNotReady, "", "NoSchedule")), daemonSet(), keep, "not-ready"},
		"unreachable:NoSchedule":                   {node("n", nil, taint(corev1.TaintNodeUnreachable, "", "NoSchedule")), daemonSet(), keep, "unreachable"},
		"unreachable:NoSchedule, host network":     {node("n", nil, taint(corev1.TaintNodeUnreachable, "", "NoSchedule")), daemonSet(hostNetwork), keep, ""},
		"uninitialized:NoSchedule":                 {node("n", nil, taint("node.cloudprovider.kubernetes.io/uninitialized", "true", "NoSchedule")), daemonSet(), keep, ""},
		"not-ready:NoExecute":                      {node("n", nil, taint(corev1.TaintNodeNotReady, "", "NoExecute")), daemonSet(), run, ""},
		"unreachable:NoExecute":                    {node("n", nil, taint(corev1.TaintNodeUnreachable, "", "NoExecute")), daemonSet(), run, ""},
		"unschedulable:NoSchedule":                 {node("n", nil, taint(corev1.TaintNodeUnschedulable, "", "NoSchedule")), daemonSet(), run, ""},
		"pressure taints":                          {node("n", nil, taint(corev1.TaintNodeDiskPressure, "", "NoSchedule"), taint(corev1.TaintNodeMemoryPressure, "", "NoSchedule"), taint(corev1.TaintNodePIDPressure, "", "NoSchedule")), daemonSet(), run, ""},
		"disk-pressure:NoExecute":                  {node("n", nil, taint(corev1.TaintNodeDiskPressure, "", "NoExecute")), daemonSet(), no, "disk-pressure"},
		"out-of-service:NoExecute":                 {node("n", nil, taint(corev1.TaintNodeOutOfService, "", "NoExecute")), daemonSet(), no, ""},
		"network-unavailable":                      {node("n", nil, taint(corev1.TaintNodeNetworkUnavailable, "", "NoSchedule")), daemonSet(), keep, ""},
		"network-unavailable, host network":        {node("n", nil, taint(corev1.TaintNodeNetworkUnavailable, "", "NoSchedule")), daemonSet(hostNetwork), run, ""},
		"PreferNoSchedule":                         {node("n", nil, taint("a", "b", "PreferNoSchedule")), daemonSet(), run, ""},
		"NoSchedule and NoExecute":                 {node("n", nil, taint("a", "b", "NoSchedule"), taint("a", "b", "NoExecute")), daemonSet(), no, ""},
		"control-plane":                            {node("n", nil, taint("node-role.kubernetes.io/control-plane", "", "NoSchedule")), daemonSet(), keep, ""},
		"Equal matches its value":                  {node("n", nil, taint("a", "b", "NoSchedule")), daemonSet(tolerate(corev1.Toleration{Key: "a", Operator: "Equal", Value: "b", Effect: "NoSchedule"})), run, ""},
		"no operator is Equal":                     {node("n", nil, taint("a", "b", "NoSchedule")), daemonSet(tolerate(corev1.Toleration{Key: "a", Value: "c"})), keep, ""},
		"no effect matches all":                    {node("n", nil, taint("a", "b", "NoExecute")), daemonSet(tolerate(corev1.Toleration{Key: "a", Operator: "Exists"})), run, ""},
		"another effect does not":                  {node("n", nil, taint("a", "b", "NoExecute")), daemonSet(tolerate(corev1.Toleration{Key: "a", Operator: "Exists", Effect: "NoSchedule"})), no, ""},
		"Exists without key matches all":           {node("n", nil, taint("a", "b", "NoExecute"), taint(corev1.TaintNodeNotReady, "", "NoSchedule")), daemonSet(tolerate(corev1.Toleration{Operator: "Exists"})), run, ""},
		"seconds do not matter for eligibility":    {node("n", nil, taint(corev1.TaintNodeNotReady, "", "NoExecute")), daemonSet(tolerate(corev1.Toleration{Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &seconds})), run, ""},
		"nodeName of it":                           {node("n", nil), daemonSet(func(d *appsv1.DaemonSet) { d.Spec.Template.Spec.NodeName = "n" }), run, ""},
		"nodeName of another":                      {node("n", nil), daemonSet(func(d *appsv1.DaemonSet) { d.Spec.Template.Spec.NodeName = "m" }), no, "nodeName m"},
		"nodeName of it, selector not":             {node("n", nil), daemonSet(func(d *appsv1.DaemonSet) { d.Spec.Template.Spec.NodeName = "n" }, selector("disk", "ssd")), no, "lacks label"},
		"selector":                                 {node("n", ssd), daemonSet(selector("disk", "ssd")), run, ""},
		"selector, two labels, one missing":        {node("n", ssd), daemonSet(selector("disk", "ssd", "zone", "a")), no, "lacks label zone=a"},
		"selector, another value":                  {node("n", map[string]string{"disk": "hdd"}), daemonSet(selector("disk", "ssd")), no, "has label disk=hdd"},
		"selector and affinity, one only":          {node("n", ssd), daemonSet(selector("disk", "ssd"), require(labelTerm(is("zone", "Exists")))), no, "required node affinity"},
		"In":                                       {node("n", ssd), daemonSet(require(labelTerm(is("disk", "In", "nvme", "ssd")))), run, ""},
		"NotIn, label absent":                      {node("n", nil), daemonSet(require(labelTerm(is("disk", "NotIn", "ssd")))), run, ""},
		"DoesNotExist":                             {node("n", ssd), daemonSet(require(labelTerm(is("disk", "DoesNotExist")))), no, ""},
		"Gt":                                       {node("n", ssd), daemonSet(require(labelTerm(is("cores", "Gt", "7")))), run, ""},
		"Lt":                                       {node("n", ssd), daemonSet(require(labelTerm(is("cores", "Lt", "8")))), no, ""},
		"expressions of a term are ANDed":          {node("n", ssd), daemonSet(require(labelTerm(is("disk", "Exists"), is("zone", "Exists")))), no, ""},
		"terms are ORed":                           {node("n", ssd), daemonSet(require(labelTerm(is("zone", "Exists")), labelTerm(is("disk", "Exists")))), run, ""},
		"an empty term matches nothing":            {node("n", ssd), daemonSet(require(corev1.NodeSelectorTerm{})), no, ""},
		"an unreadable term matches nothing":       {node("n", ssd), daemonSet(require(labelTerm(is("cores", "Gt", "many")))), no, "not valid"},
		"matchFields on the name":                  {node("n", nil), daemonSet(require(corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{is("metadata.name", "In", "n")}})), run, ""},
		"matchFields ORed with labels":             {node("m", ssd), daemonSet(require(corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{is("metadata.name", "In", "n")}}, labelTerm(is("disk", "Exists")))), run, ""},
		"affinity fails before taints count":       {node("n", nil, taint("a", "b", "NoSchedule")), daemonSet(selector("disk", "ssd")), no, "lacks label"},
		"comparison operator, above":               {node("n", nil, taint("sla", "900", "NoSchedule")), daemonSet(tolerate(corev1.Toleration{Key: "sla", Operator: "Gt", Value: "950"})), keep, ""},
		"Ready=False and unschedulable do nothing": {unfit("n"), daemonSet(), run, ""},
		"a preferred term does nothing": {node("n", nil), daemonSet(func(d *appsv1.DaemonSet) {
			d.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 100, Preference: labelTerm(is("zone", "Exists"))}}}}
		}), run, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Decide(tc.node, tc.ds)
			want := Decision{Run: tc.want == run, Keep: tc.want != no, Reason: got.Reason}
			if got != want || !strings.Contains(got.Reason, tc.why) || got.Reason == "" {
				t.Errorf("got %+v, want %s with %q", got, tc.want, tc.why)
			}
		})
	}
}

// unfit is a node whose state speaks against it in every way that must not count.
func unfit(name string) *corev1.Node {
	n := node(name, nil)
	n.Spec.Unschedulable = true
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse}}
	return n
}

func TestEligibleIsSorted(t *testing.T) {
	got := Eligible(daemonSet(), []*corev1.Node{node("b", nil), node("c", nil, taint("x", "", "NoExecute")), node("a", nil)})
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
}

func TestAutoTolerations(t *testing.T) {
	want := func(t *testing.T, got []corev1.Toleration, texts ...string) {
		t.Helper()
		var have []string
		for _, tol := range got {
			have = append(have, tolerationText(tol))
		}
		if !slices.Equal(have, texts) {
			t.Errorf("got  %q\nwant %q", have, texts)
		}
	}
	six := []string{
		"node.kubernetes.io/not-ready Exists:NoExecute", "node.kubernetes.io/unreachable Exists:NoExecute",
		"node.kubernetes.io/disk-pressure Exists:NoSchedule", "node.kubernetes.io/memory-pressure Exists:NoSchedule",
		"node.kubernetes.io/pid-pressure Exists:NoSchedule", "node.kubernetes.io/unschedulable Exists:NoSchedule",
	}
	want(t, AutoTolerations(daemonSet()), six...)
	want(t, AutoTolerations(daemonSet(hostNetwork)), append(slices.Clone(six), "node.kubernetes.io/network-unavailable Exists:NoSchedule")...)

	seconds := int64(300)
	exact := corev1.Toleration{Key: corev1.TaintNodeNotReady, Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &seconds}
	equal := corev1.Toleration{Key: corev1.TaintNodeNotReady, Operator: "Equal", Effect: "NoExecute", TolerationSeconds: &seconds}
	keyless := corev1.Toleration{Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &seconds}
	own := corev1.Toleration{Key: "a", Operator: "Exists"}
	want(t, Tolerations(daemonSet(tolerate(exact, own))),
		append([]string{six[0], "a Exists:"}, six[1:]...)...)
	want(t, Tolerations(daemonSet(tolerate(equal))), append([]string{"node.kubernetes.io/not-ready Equal:NoExecute for 300 s"}, six...)...)
	want(t, Tolerations(daemonSet(tolerate(keyless))), append([]string{"Exists:NoExecute for 300 s"}, six...)...)

	// The template itself stays as it is (DS-TOL-003).
	ds := daemonSet(tolerate(exact))
	Tolerations(ds)
	if !reflect.DeepEqual(ds.Spec.Template.Spec.Tolerations, []corev1.Toleration{exact}) {
		t.Error("the template was written to")
	}
}
