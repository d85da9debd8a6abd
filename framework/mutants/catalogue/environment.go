package catalogue

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// environment are defects around the controller: in its rights, its clock, and
// in the parts of the cluster that work with it.
func environment() []Mutant {
	return []Mutant{
		{
			ID:         "no-controller",
			Notice:     "DaemonSets get no pods, and no status.",
			Clauses:    []string{"DS-PLC-001", "DS-STA-008"},
			Injection:  "option: the controller is not started",
			ModelledOn: "--controllers=-daemonset-controller.",
			Inject:     func(s *rig.Setup) { s.Options.Off = true },
		},
		{
			ID:          "no-garbage-collector",
			Notice:      "The pods and revisions of a DaemonSet that was deleted stay for ever.",
			Clauses:     []string{"DS-OWN-008", "DS-OWN-009"},
			Injection:   "environment: the garbage collector is off",
			ModelledOn:  "--controllers=-garbage-collector-controller.",
			Environment: []string{"garbage-collector-controller"},
		},
		{
			ID:          "no-pod-garbage-collector",
			Notice:      "The pods of a node that has left stay for ever, and are told to run.",
			Clauses:     []string{"DS-NOD-003", "DS-NOD-006"},
			Injection:   "environment: the pod garbage collector is off",
			ModelledOn:  "--controllers=-pod-garbage-collector-controller.",
			Environment: []string{"pod-garbage-collector-controller"},
		},
		{
			ID:         "nobody-schedules",
			Notice:     "All pods stay Pending, and no event says why.",
			Clauses:    []string{"DS-PLC-001", "DS-PLC-022"},
			Injection:  "writes: pods are made for a scheduler that does not run",
			ModelledOn: "A scheduler that is down, or one of another name.",
			Inject:     creating(func(p *corev1.Pod) { p.Spec.SchedulerName = "mutants-no-such-scheduler" }),
		},
		{
			ID:         "may-not-patch-pods",
			Notice:     "Pods without an owner are neither adopted nor released, and their DaemonSet stands still.",
			Clauses:    []string{"DS-OWN-002", "DS-OWN-006"},
			Injection:  "writes: patches of pods are forbidden",
			ModelledOn: "A ClusterRole that was typed by hand.",
			Inject:     forbidding("patch", "pods"),
		},
		{
			ID:         "may-not-write-status",
			Notice:     "The status of DaemonSets stays empty.",
			Clauses:    []string{"DS-STA-008", "DS-STA-001"},
			Injection:  "writes: updates of the status are forbidden",
			ModelledOn: "A ClusterRole without the subresource.",
			Inject:     forbidding("update", "daemonsets/status"),
		},
		{
			ID:         "may-not-delete-pods",
			Notice:     "Pods are created but never deleted: no rollout, no withdrawal.",
			Clauses:    []string{"DS-RUM-001", "DS-CHG-002"},
			Injection:  "writes: deletions of pods are forbidden",
			ModelledOn: "A ClusterRole for a first version that only created.",
			Inject:     forbidding("delete", "pods"),
		},
		{
			ID:         "may-not-create-revisions",
			Notice:     "DaemonSets get no pods, because their revisions cannot be made.",
			Clauses:    []string{"DS-PLC-001", "DS-REV-001"},
			Injection:  "writes: creations of revisions are forbidden",
			ModelledOn: "A ClusterRole that names pods and DaemonSets alone.",
			Inject:     forbidding("create", "controllerrevisions"),
		},
		{
			ID:         "may-not-delete-revisions",
			Notice:     "Old revisions are never deleted.",
			Clauses:    []string{"DS-REV-008", "DS-REV-013"},
			Injection:  "writes: deletions of revisions are forbidden",
			ModelledOn: "A ClusterRole without delete for controllerrevisions.",
			Inject:     forbidding("delete", "controllerrevisions"),
		},
		{
			ID:         "may-not-update-revisions",
			Notice:     "After a return to an earlier template a DaemonSet stands still, because its revision cannot be raised.",
			Clauses:    []string{"DS-REV-006", "DS-REV-017", "DS-KUB-006"},
			Injection:  "writes: updates of revisions are forbidden",
			ModelledOn: "A ClusterRole for revisions that are immutable.",
			Inject:     forbidding("update", "controllerrevisions"),
		},
		{
			ID:         "asks-once-in-ten-seconds",
			Notice:     "The controller is so slow that a rollout over five nodes takes minutes.",
			Clauses:    []string{"DS-PLC-001", "DS-RUM-001"},
			Injection:  "option: one request in ten seconds",
			ModelledOn: "--kube-api-qps taken for an interval.",
			Inject:     func(s *rig.Setup) { s.Options.QPS, s.Options.Burst = 0.1, 1 },
		},
	}
}
