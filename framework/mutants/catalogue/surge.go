package catalogue

import (
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// surge are defects in rolling updates with maxSurge.
func surge() []Mutant { return slices.Concat(surgeBounds(), surgeOldPods(), surgePlaces()) }

// surgeBounds are defects in how many nodes may have two pods.
func surgeBounds() []Mutant {
	return []Mutant{
		{
			ID:         "surges-everywhere",
			Notice:     "A rollout with maxSurge starts all new pods at once, however few it allows.",
			Clauses:    []string{"DS-RUS-001", "DS-RUS-003"},
			Injection:  "view: every maxSurge above 0 is 100%",
			ModelledOn: "Asking whether surge is on, and never for how much.",
			Inject:     surging(func(ds *appsv1.DaemonSet, _ int) { setSurge(ds, intstr.FromString("100%")) }),
		},
		{
			ID:         "one-surge-too-many",
			Notice:     "A rollout with maxSurge has one node more with two pods than it allows.",
			Clauses:    []string{"DS-RUS-001"},
			Injection:  "view: a maxSurge given as a number is one higher",
			ModelledOn: "Comparing with > where >= is meant.",
			Inject: surging(func(ds *appsv1.DaemonSet, _ int) {
				if m := ds.Spec.UpdateStrategy.RollingUpdate.MaxSurge; m.Type == intstr.Int {
					setSurge(ds, intstr.FromInt32(m.IntVal+1))
				}
			}),
		},
		{
			ID:         "surge-percent-down",
			Notice:     "A maxSurge in per cent is rounded down: 1% of three nodes is none, and the rollout takes a pod away instead.",
			Clauses:    []string{"DS-RUS-003"},
			Injection:  "view: a maxSurge in per cent is a number, rounded down",
			ModelledOn: "intstr.GetScaledValueFromIntOrPercent with roundUp false, as a Deployment's maxUnavailable has it.",
			Inject: surging(func(ds *appsv1.DaemonSet, desired int) {
				if n, ok := perCent(ds.Spec.UpdateStrategy.RollingUpdate.MaxSurge); ok {
					setSurge(ds, intstr.FromInt(n*desired/100))
				}
			}),
		},
		{
			ID:         "surge-percent-to-the-nearest",
			Notice:     "A maxSurge in per cent is rounded to the nearest number: 40% of three nodes are one.",
			Clauses:    []string{"DS-RUS-003"},
			Injection:  "view: a maxSurge in per cent is the nearest number, one at least",
			ModelledOn: "Rounding by math.Round.",
			Inject: surging(func(ds *appsv1.DaemonSet, desired int) {
				if n, ok := perCent(ds.Spec.UpdateStrategy.RollingUpdate.MaxSurge); ok {
					setSurge(ds, intstr.FromInt(max(1, (n*desired+50)/100)))
				}
			}),
		},
		{
			ID:         "surge-percent-down-to-one",
			Notice:     "A maxSurge in per cent is rounded down, to one at least: a rollout with 40% of three nodes goes node by node.",
			Clauses:    []string{"DS-RUS-003"},
			Injection:  "view: a maxSurge in per cent is a number, rounded down but not to 0",
			ModelledOn: "Rounding down, and then mending the one case that stands still.",
			Inject: surging(func(ds *appsv1.DaemonSet, desired int) {
				if n, ok := perCent(ds.Spec.UpdateStrategy.RollingUpdate.MaxSurge); ok {
					setSurge(ds, intstr.FromInt(max(1, n*desired/100)))
				}
			}),
		},
		{
			ID:         "surge-percent-of-all-nodes",
			Notice:     "A maxSurge in per cent is taken of all nodes of the cluster, not of those that are to have a pod.",
			Clauses:    []string{"DS-RUS-003"},
			Injection:  "view: a maxSurge in per cent is a number, of all nodes",
			ModelledOn: "Scaling with len(nodeList) instead of desiredNumberScheduled.",
			Inject: func(s *rig.Setup) {
				surging(func(ds *appsv1.DaemonSet, _ int) {
					if n, ok := perCent(ds.Spec.UpdateStrategy.RollingUpdate.MaxSurge); ok {
						setSurge(ds, intstr.FromInt((n*len(s.Wire.Nodes.All())+99)/100))
					}
				})(s)
			},
		},
		{
			ID:         "takes-surge-for-unavailable",
			Notice:     "A rollout with maxSurge takes as many old pods away before their successors run: nodes are without a pod, as if maxUnavailable had been set.",
			Clauses:    []string{"DS-RUS-001", "DS-RUS-008", "DS-RUS-013"},
			Injection:  "view: maxSurge is maxUnavailable",
			ModelledOn: "A rolling update written before KEP-1591, which knows one number.",
			Inject: surging(func(ds *appsv1.DaemonSet, _ int) {
				u := ds.Spec.UpdateStrategy.RollingUpdate
				u.MaxUnavailable, u.MaxSurge = u.MaxSurge, nil
			}),
		},
		{
			ID:         "surges-by-default",
			Notice:     "Rollouts without maxSurge start the new pod beside the old one, so that pods with a hostPort wait for ever.",
			Clauses:    []string{"DS-PLC-024", "DS-HST-004", "DS-RUM-002"},
			Injection:  "view: a maxSurge of 0 is 1, and maxUnavailable 0",
			ModelledOn: "The default of a Deployment, or a 0 that is taken for not set.",
			Inject: taking(func(ds *appsv1.DaemonSet) {
				if u := ds.Spec.UpdateStrategy.RollingUpdate; u != nil && !surges(ds) {
					none := intstr.FromInt32(0)
					u.MaxUnavailable = &none
					setSurge(ds, intstr.FromInt32(1))
				}
			}),
		},
		{
			ID:         "surges-under-on-delete",
			Notice:     "A DaemonSet switched to OnDelete gets the successor of a deleted pod while that one still terminates, by a maxSurge left over.",
			Clauses:    []string{"DS-RUS-017"},
			Injection:  "view: pods that terminate are gone, where OnDelete has a maxSurge",
			ModelledOn: "Reading rollingUpdate.maxSurge without a look at the strategy's type.",
			Inject: func(s *rig.Setup) {
				hidingPods(func(s *rig.Setup, ds *appsv1.DaemonSet) bool {
					u := ds.Spec.UpdateStrategy.RollingUpdate
					return onDelete(ds) && u != nil && u.MaxSurge != nil && (u.MaxSurge.IntVal > 0 || u.MaxSurge.StrVal != "")
				})(s)
			},
		},
	}
}

// surging has the controller take every DaemonSet that surges for what change
// leaves of it; desired is how many pods it is to have by its status.
func surging(change func(ds *appsv1.DaemonSet, desired int)) inject {
	return taking(func(ds *appsv1.DaemonSet) {
		if surges(ds) {
			change(ds, int(ds.Status.DesiredNumberScheduled))
		}
	})
}

// setSurge sets maxSurge.
func setSurge(ds *appsv1.DaemonSet, v intstr.IntOrString) {
	ds.Spec.UpdateStrategy.RollingUpdate.MaxSurge = &v
}

// perCent reads a number of per cent; false where it is a plain number.
func perCent(v *intstr.IntOrString) (int, bool) {
	if v.Type == intstr.Int {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(v.StrVal, "%"))
	return n, err == nil
}
