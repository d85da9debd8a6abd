package catalogue

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// events are defects in the events about DaemonSets.
func events() []Mutant {
	out := []Mutant{
		{
			ID:         "no-events",
			Notice:     "kubectl describe shows no events of a DaemonSet, whatever happens to it.",
			Clauses:    []string{"DS-EVT-001", "DS-POD-002", "DS-CMD-002"},
			Injection:  "writes: events are taken for written",
			ModelledOn: "An event recorder whose broadcaster was never started.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("*", "events", func(_ context.Context, r *wire.Request, _ wire.Next) (*wire.Answer, error) {
					return wire.Pretend(r), nil
				})
			},
		},
		{
			ID:         "events-on-pods",
			Notice:     "What the controller did stands with the pods, and kubectl describe of the DaemonSet does not show it.",
			Clauses:    []string{"DS-EVT-001", "DS-KUB-013"},
			Injection:  "writes: events are about the pod that they name",
			ModelledOn: "Recording an event on the object at hand.",
			Inject: telltale(func(e *corev1.Event) {
				words := strings.Fields(e.Message)
				e.InvolvedObject.Kind, e.InvolvedObject.APIVersion, e.InvolvedObject.UID = "Pod", "v1", ""
				if len(words) > 0 {
					e.InvolvedObject.Name = words[len(words)-1]
				}
			}),
		},
		{
			ID:         "events-without-uid",
			Notice:     "kubectl describe, which asks by UID, shows no events.",
			Clauses:    []string{"DS-EVT-001", "DS-CMD-002"},
			Injection:  "writes: events do not carry the DaemonSet's UID",
			ModelledOn: "Building the reference from a key of the queue.",
			Inject:     telltale(func(e *corev1.Event) { e.InvolvedObject.UID = "" }),
		},
		{
			ID:         "events-of-another-kind",
			Notice:     "Events are filed under a kind that nobody asks for.",
			Clauses:    []string{"DS-EVT-001", "DS-KUB-013", "DS-TRB-014"},
			Injection:  "writes: events are about a kind Daemonset",
			ModelledOn: "Typing the kind by hand.",
			Inject:     telltale(func(e *corev1.Event) { e.InvolvedObject.Kind = "Daemonset" }),
		},
		{
			ID:         "events-name-no-pod",
			Notice:     "Events say that a pod was created or deleted, not which.",
			Clauses:    []string{"DS-EVT-001"},
			Injection:  "writes: messages do not name the pod",
			ModelledOn: "Logging before the name is known, which the API server gives.",
			Inject: telltale(func(e *corev1.Event) {
				if before, _, ok := strings.Cut(e.Message, ": "); ok && strings.HasPrefix(e.Reason, "Successful") {
					e.Message = before
				}
			}),
		},
		{
			ID:         "failed-pods-are-normal",
			Notice:     "That pods fail is told by Normal events, which alerts pass over.",
			Clauses:    []string{"DS-POD-002", "DS-POD-011"},
			Injection:  "writes: FailedDaemonPod is Normal",
			ModelledOn: "One helper for all events, with one type.",
			Inject: telltale(func(e *corev1.Event) {
				if e.Reason == "FailedDaemonPod" {
					e.Type = corev1.EventTypeNormal
				}
			}),
		},
		{
			ID:         "refusals-are-normal",
			Notice:     "That pods cannot be created or deleted is told by Normal events.",
			Clauses:    []string{"DS-PRI-005", "DS-PRI-006", "DS-EVT-004"},
			Injection:  "writes: FailedCreate and FailedDelete are Normal",
			ModelledOn: "One helper for all events, with one type.",
			Inject: telltale(func(e *corev1.Event) {
				if e.Reason == "FailedCreate" || e.Reason == "FailedDelete" {
					e.Type = corev1.EventTypeNormal
				}
			}),
		},
		{
			ID:         "succeeded-pods-are-warnings",
			Notice:     "That a pod has ended well is told by a Warning.",
			Clauses:    []string{"DS-POD-003"},
			Injection:  "writes: SucceededDaemonPod is a Warning",
			ModelledOn: "Treating Succeeded like Failed, since both must be replaced.",
			Inject: telltale(func(e *corev1.Event) {
				if e.Reason == "SucceededDaemonPod" {
					e.Type = corev1.EventTypeWarning
				}
			}),
		},
		{
			ID:         "refusals-without-reason",
			Notice:     "Events say that a pod cannot be created, not why: neither quota nor policy is named.",
			Clauses:    []string{"DS-PRI-005", "DS-PRI-006"},
			Injection:  "writes: FailedCreate does not carry the API server's text",
			ModelledOn: "An error that is logged and not passed on.",
			Inject: telltale(func(e *corev1.Event) {
				if e.Reason == "FailedCreate" {
					e.Message = "Error creating pod"
				}
			}),
		},
		{
			ID:         "events-while-namespace-ends",
			Notice:     "While a namespace ends, the controller goes on creating pods in it, and reporting the refusals.",
			Clauses:    []string{"DS-OWN-017"},
			Injection:  "writes: a refusal because the namespace terminates has no cause by which it is known",
			ModelledOn: "Retrying what can never succeed.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					a, err := next(ctx, r)
					if err != nil || a.OK() {
						return a, err
					}
					status, err := wire.Decode[metav1.Status](a.Body)
					if err != nil || status.Details == nil {
						return a, nil //nolint:nilerr // an answer that is no Status is the API server's own
					}
					for _, c := range status.Details.Causes {
						if c.Type == corev1.NamespaceTerminatingCause {
							return wire.Refuse(a.Code, status.Message), nil
						}
					}
					return a, nil
				})
			},
		},
	}
	for _, e := range []struct{ id, reason, notice, clause string }{
		{"no-creation-events", "SuccessfulCreate", "The creation of pods is not announced.", "DS-EVT-001"},
		{"no-deletion-events", "SuccessfulDelete", "The deletion of pods is not announced.", "DS-EVT-001"},
		{"no-failed-pod-events", "FailedDaemonPod", "That pods fail and are replaced is not announced.", "DS-POD-002"},
		{"no-succeeded-pod-events", "SucceededDaemonPod", "That pods end and are replaced is not announced.", "DS-POD-003"},
		{"no-failed-create-events", "FailedCreate", "That pods cannot be created is not announced, and a DaemonSet without pods looks well.", "DS-PRI-005"},
		{"no-failed-delete-events", "FailedDelete", "That pods cannot be deleted is not announced.", "DS-EVT-004"},
	} {
		out = append(out, Mutant{
			ID: e.id, Notice: e.notice, Clauses: []string{e.clause},
			Injection:  "writes: events " + e.reason + " are taken for written",
			ModelledOn: "One of the places where an event belongs, forgotten.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("*", "events", wire.Judge(func(r *wire.Request, have *corev1.Event) *wire.Answer {
					if have.Reason == e.reason {
						return wire.Pretend(r)
					}
					return nil
				}))
			},
		})
	}
	return out
}

// telltale has every event about a DaemonSet be written as change leaves it.
func telltale(change func(*corev1.Event)) inject {
	return func(s *rig.Setup) {
		var first sync.Map
		s.Wire.OnWrite("create", "events", wire.Rewrite(func(e *corev1.Event) {
			if e.InvolvedObject.Kind == "DaemonSet" {
				first.Store(e.Namespace+"/"+e.Name, e.DeepCopy())
				change(e)
			}
		}))
		// An event that happens again is counted by a patch, which has the message in it.
		s.Wire.OnWrite("patch", "events", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			was, ok := first.Load(r.Namespace + "/" + r.Name)
			var patch map[string]any
			if !ok || json.Unmarshal(r.Body, &patch) != nil {
				return next(ctx, r)
			}
			if text, tells := patch["message"].(string); tells {
				e := was.(*corev1.Event).DeepCopy()
				e.Message = text
				change(e)
				patch["message"] = e.Message
			}
			var err error
			if r.Body, err = json.Marshal(patch); err != nil {
				return nil, fmt.Errorf("writing the patch of event %s: %w", r.Name, err)
			}
			return next(ctx, r)
		})
	}
}
