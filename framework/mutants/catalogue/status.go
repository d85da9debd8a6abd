package catalogue

import (
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// status are defects in what the status says, and in when it is written.
func status() []Mutant { return slices.Concat(counts(), statusWrites()) }

// counts are defects in the numbers.
func counts() []Mutant {
	return []Mutant{
		{
			ID:         "updated-is-current",
			Notice:     "updatedNumberScheduled always equals currentNumberScheduled: kubectl rollout status says that the rollout is done before it is.",
			Clauses:    []string{"DS-OND-001", "DS-KUB-001"},
			Injection:  "writes: statuses say so",
			ModelledOn: "Counting pods by the selector and not by their revision.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = ds.Status.CurrentNumberScheduled }),
		},
		{
			ID:         "updated-is-available",
			Notice:     "updatedNumberScheduled counts only pods that are available, too.",
			Clauses:    []string{"DS-MRS-001"},
			Injection:  "writes: updatedNumberScheduled is at most numberAvailable",
			ModelledOn: "Counting inside the branch of available pods.",
			Inject: telling(func(ds *appsv1.DaemonSet) {
				ds.Status.UpdatedNumberScheduled = min(ds.Status.UpdatedNumberScheduled, ds.Status.NumberAvailable)
			}),
		},
		{
			ID:         "desired-counts-all-nodes",
			Notice:     "desiredNumberScheduled is the number of nodes of the cluster: the DaemonSet never looks complete.",
			Clauses:    []string{"DS-STA-001", "DS-PLC-017", "DS-STA-011"},
			Injection:  "writes: desiredNumberScheduled is the number of nodes",
			ModelledOn: "len(nodeList), where each node has to be judged.",
			Inject: func(s *rig.Setup) {
				telling(func(ds *appsv1.DaemonSet) {
					ds.Status.DesiredNumberScheduled = int32(len(s.Wire.Nodes.All()))
					ds.Status.NumberUnavailable = ds.Status.DesiredNumberScheduled - ds.Status.NumberAvailable
				})(s)
			},
		},
		{
			ID:         "desired-is-current",
			Notice:     "desiredNumberScheduled counts the nodes that have a pod: nothing is ever missing.",
			Clauses:    []string{"DS-PRI-005", "DS-STA-001"},
			Injection:  "writes: desiredNumberScheduled is currentNumberScheduled",
			ModelledOn: "Counting after the branch that skips nodes without a pod.",
			Inject: telling(func(ds *appsv1.DaemonSet) {
				ds.Status.DesiredNumberScheduled = ds.Status.CurrentNumberScheduled
				ds.Status.NumberUnavailable = ds.Status.DesiredNumberScheduled - ds.Status.NumberAvailable
			}),
		},
		{
			ID:         "current-is-desired",
			Notice:     "currentNumberScheduled equals desiredNumberScheduled also where pods cannot be created.",
			Clauses:    []string{"DS-PRI-005", "DS-STA-001"},
			Injection:  "writes: currentNumberScheduled is desiredNumberScheduled",
			ModelledOn: "Counting the creations that were asked for.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.CurrentNumberScheduled = ds.Status.DesiredNumberScheduled }),
		},
		{
			ID:         "current-counts-misscheduled",
			Notice:     "currentNumberScheduled counts pods on nodes that are not eligible, too.",
			Clauses:    []string{"DS-STA-003", "DS-STA-007"},
			Injection:  "writes: numberMisscheduled is added to currentNumberScheduled",
			ModelledOn: "Counting pods before the node is looked at.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.CurrentNumberScheduled += ds.Status.NumberMisscheduled }),
		},
		{
			ID:         "never-misscheduled",
			Notice:     "numberMisscheduled is always 0.",
			Clauses:    []string{"DS-STA-003", "DS-CHG-005"},
			Injection:  "writes: statuses say so",
			ModelledOn: "Going over eligible nodes alone.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.NumberMisscheduled = 0 }),
		},
		{
			ID:         "misscheduled-counts-absent",
			Notice:     "numberMisscheduled counts the eligible nodes that lack a pod.",
			Clauses:    []string{"DS-PRI-005", "DS-STA-001"},
			Injection:  "writes: what desired has over current is added",
			ModelledOn: "The word, taken for: not scheduled as it should be.",
			Inject: telling(func(ds *appsv1.DaemonSet) {
				ds.Status.NumberMisscheduled += ds.Status.DesiredNumberScheduled - ds.Status.CurrentNumberScheduled
			}),
		},
		{
			ID:         "ready-is-current",
			Notice:     "numberReady counts pods that are not ready.",
			Clauses:    []string{"DS-STA-001", "DS-RUM-005"},
			Injection:  "writes: numberReady is currentNumberScheduled",
			ModelledOn: "Taking a pod that is there for one that serves.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.NumberReady = ds.Status.CurrentNumberScheduled }),
		},
		{
			ID:         "running-is-ready",
			Notice:     "A pod that runs counts as ready and available whatever its readiness probe says: a rollout of broken pods goes through.",
			Clauses:    []string{"DS-RUM-002", "DS-MRS-001"},
			Injection:  "view: a running pod has condition Ready=True since its start",
			ModelledOn: "Looking at the phase.",
			Inject: seeing(func(p *corev1.Pod) {
				if p.Status.Phase == corev1.PodRunning && owned(p) && !ready(p) {
					p.Status.Conditions = slices.DeleteFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady })
					p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
						Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: p.CreationTimestamp,
					})
				}
			}),
		},
		{
			ID:         "available-is-ready",
			Notice:     "numberAvailable equals numberReady though minReadySeconds have not passed; the rollout itself waits for them.",
			Clauses:    []string{"DS-MRS-001", "DS-MRS-003"},
			Injection:  "writes: statuses say so",
			ModelledOn: "One counter for two fields.",
			Inject: telling(func(ds *appsv1.DaemonSet) {
				ds.Status.NumberAvailable = ds.Status.NumberReady
				ds.Status.NumberUnavailable = ds.Status.DesiredNumberScheduled - ds.Status.NumberAvailable
			}),
		},
		{
			ID:         "ready-waits-for-min-ready",
			Notice:     "numberReady counts a pod only after minReadySeconds.",
			Clauses:    []string{"DS-MRS-001"},
			Injection:  "writes: numberReady is numberAvailable",
			ModelledOn: "One counter for two fields.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.NumberReady = ds.Status.NumberAvailable }),
		},
		{
			ID:         "unavailable-of-current",
			Notice:     "numberUnavailable leaves out the nodes that have no pod at all.",
			Clauses:    []string{"DS-STA-007", "DS-PRI-005"},
			Injection:  "writes: numberUnavailable is currentNumberScheduled less numberAvailable",
			ModelledOn: "Counting pods that are not available.",
			Inject: telling(func(ds *appsv1.DaemonSet) {
				ds.Status.NumberUnavailable = ds.Status.CurrentNumberScheduled - ds.Status.NumberAvailable
			}),
		},
		{
			ID:         "unavailable-of-ready",
			Notice:     "numberUnavailable leaves out the pods that are ready and wait for minReadySeconds.",
			Clauses:    []string{"DS-MRS-001", "DS-STA-007"},
			Injection:  "writes: numberUnavailable is desiredNumberScheduled less numberReady",
			ModelledOn: "Subtracting the wrong one of two numbers that are mostly equal.",
			Inject: telling(func(ds *appsv1.DaemonSet) {
				ds.Status.NumberUnavailable = ds.Status.DesiredNumberScheduled - ds.Status.NumberReady
			}),
		},
		{
			ID:         "counts-newest-pod",
			Notice:     "While two pods stand on a node, the status counts the newer one: a rollout with surge looks further than it is.",
			Clauses:    []string{"DS-STA-004", "DS-PLC-023"},
			Injection:  "view: pods are the older the later they were created",
			ModelledOn: "Sorting pods the other way round.",
			Inject:     seeing(func(p *corev1.Pod) { invertAge(p) }),
		},
		{
			ID:         "counts-pods-not-nodes",
			Notice:     "While two pods stand on a node, currentNumberScheduled, numberReady and updatedNumberScheduled count both.",
			Clauses:    []string{"DS-STA-004", "DS-STA-007"},
			Injection:  "writes: the numbers are those of all live pods on all nodes",
			ModelledOn: "len(pods), and a loop over them.",
			Inject: func(s *rig.Setup) {
				telling(func(ds *appsv1.DaemonSet) {
					nodes := map[string]bool{}
					var more, moreReady int32
					for _, p := range podsOf(s, ds) {
						if !live(p) {
							continue
						}
						if nodes[target(p)] {
							more++
							if ready(p) {
								moreReady++
							}
						}
						nodes[target(p)] = true
					}
					ds.Status.CurrentNumberScheduled += more
					ds.Status.NumberReady += moreReady
					ds.Status.UpdatedNumberScheduled += more
				})(s)
			},
		},
		{
			ID:         "terminating-pods-do-not-count",
			Notice:     "A pod that terminates no longer counts as current, ready or misscheduled: the status says that nothing is left on the node.",
			Clauses:    []string{"DS-STA-003", "DS-PLC-024"},
			Injection:  "view: pods that terminate are gone",
			ModelledOn: "Filtering pods by deletionTimestamp first.",
			Inject: func(s *rig.Setup) {
				s.Wire.Pods.See(func(p *corev1.Pod) bool { return p.DeletionTimestamp == nil })
			},
		},
		{
			ID:         "numbers-never-fall",
			Notice:     "numberReady and numberAvailable stay where they once were when pods stop being ready.",
			Clauses:    []string{"DS-STA-001", "DS-MRS-003"},
			Injection:  "writes: both are at least what they were, within desiredNumberScheduled",
			ModelledOn: "Incrementing counters on events, and forgetting the way back.",
			Inject: func(s *rig.Setup) {
				var most sync.Map
				telling(func(ds *appsv1.DaemonSet) {
					was := int32(0)
					if v, ok := most.Load(ds.UID); ok {
						was = v.(int32)
					}
					ready := min(max(was, ds.Status.NumberReady), ds.Status.CurrentNumberScheduled)
					most.Store(ds.UID, ready)
					ds.Status.NumberReady, ds.Status.NumberAvailable = ready, max(ds.Status.NumberAvailable, min(was, ready))
					ds.Status.NumberUnavailable = ds.Status.DesiredNumberScheduled - ds.Status.NumberAvailable
				})(s)
			},
		},
	}
}
