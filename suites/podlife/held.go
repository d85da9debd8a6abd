package podlife

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// held makes DaemonSet "agent" whose pods stay, deleted, until they are let go.
func held(ctx context.Context, e *framework.Env) {
	e.CreateDaemonSet(ctx, e.DaemonSet("agent", func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Finalizers = []string{framework.HoldFinalizer}
	}))
	rolledOut(ctx, e)
}

// terminatingFinishedPodReplaced: kubernetes#118716, a finished pod that
// cannot vanish must not keep its node without a daemon.
func terminatingFinishedPodReplaced() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-009", Area: framework.PodLife, Title: "a finished pod held by a finalizer is replaced", Level: framework.Core,
		Behaviour: "A finished pod that is being deleted but held by a finalizer MUST be ignored and a replacement created beside it.",
		Clauses:   []string{"kubernetes#118716", "pkg/controller/daemon getNodesToDaemonPods"},
		Versions:  ">= 1.28.0-0",
		Why:       "The finished pod uses nothing of its node; a controller that waits for the object to vanish leaves the node without its daemon for as long as the finalizer stays.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			held(ctx, e)
			victim := podOn(e, e.Nodes[0])
			setPhase(ctx, e, victim, corev1.PodSucceeded)
			e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(1), "a second pod is ready on the node while the finished one is still there", func(s *history.State) error {
				old := s.Pod(victim.Name)
				if old == nil {
					return fmt.Errorf("pod %s is gone in spite of its finalizer", victim.Name)
				}
				if old.DeletionTimestamp == nil {
					return fmt.Errorf("pod %s (phase %s) is not being deleted", old.Name, old.Status.Phase)
				}
				for _, p := range s.PodsOf(s.DaemonSet("agent")) {
					if p.UID != victim.UID && oracle.TargetNode(p) == e.Nodes[0] && ready(p) {
						return nil
					}
				}
				return fmt.Errorf("node %s has no ready pod beside the finished %s", e.Nodes[0], old.Name)
			})
		},
	}
}

func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// foregroundDeletion: kubernetes#64797, a controller that goes on working for a
// DaemonSet that is being deleted fights the garbage collector.
func foregroundDeletion() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-009", Area: framework.PodLife, Title: "foreground deletion waits for the pods", Level: framework.Core,
		Behaviour: "A DaemonSet deleted in the foreground MUST stay until its pods are gone, and the controller MUST NOT create anything or write its status meanwhile.",
		Clauses:   []string{"concepts/architecture/garbage-collection: foreground cascading deletion", "kubernetes#64797"},
		Covers:    []string{"DS-STA-017"},
		Why:       "The garbage collector deletes the dependents; a controller that replaces them makes the deletion endless.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			held(ctx, e)
			e.DeleteDaemonSet(ctx, "agent", metav1.DeletePropagationForeground)
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the DaemonSet and both of its pods are being deleted", func(s *history.State) error {
				ds := s.DaemonSet("agent")
				if ds == nil {
					return errors.New("DaemonSet agent is gone before its pods")
				}
				if ds.DeletionTimestamp == nil {
					return errors.New("DaemonSet agent has no deletionTimestamp")
				}
				for _, p := range s.Pods() {
					if p.DeletionTimestamp == nil {
						return fmt.Errorf("pod %s has no deletionTimestamp", p.Name)
					}
				}
				return nil
			})
			// A controller that has not heard of the deletion is late, not wrong: what it
			// made by then, a revision that the garbage collector took for one, is no mistake.
			site.Known(ctx, e, e.Nodes...)
			e.CatchUp(ctx, "to know what there was when the controller had heard of the deletion")
			heard := e.History.State()
			entries := e.History.Entries()
			since := entries[len(entries)-1].Seq
			e.Stays(ctx, "nothing is created for the DaemonSet that is being deleted, and its status is left alone", nil, leftAlone(heard))
			e.Must(e.LetGoUntil(ctx, framework.NoPods), "let the held pods go")
			e.Becomes(ctx, e.Timeouts.Placement, "the DaemonSet goes with its last pod", func(s *history.State) error {
				if s.DaemonSet("agent") != nil {
					return fmt.Errorf("DaemonSet agent is still there, with finalizers %v", s.DaemonSet("agent").Finalizers)
				}
				return nil
			})
			e.Check(nothingAdded(e.History.Entries(), since), "nothing is created for the DaemonSet once the controller has heard of its deletion")
		},
	}
}

// leftAlone judges that DaemonSet agent, which is being deleted, and its pods are
// those of the state before: the status as it was, and no pod more or fewer.
func leftAlone(before *history.State) site.Condition {
	was := before.DaemonSet("agent")
	return func(s *history.State) error {
		ds := s.DaemonSet("agent")
		if was == nil || ds == nil {
			return errors.New("DaemonSet agent is gone before its pods")
		}
		if !reflect.DeepEqual(ds.Status, was.Status) {
			return fmt.Errorf("the status of DaemonSet agent went from %+v to %+v", was.Status, ds.Status)
		}
		for _, p := range before.PodsOf(was) {
			if now := s.Pod(p.Name); now == nil || now.UID != p.UID {
				return fmt.Errorf("pod %s is gone in spite of its finalizer", p.Name)
			}
		}
		for _, p := range s.PodsOf(ds) {
			if then := before.Pod(p.Name); then == nil || then.UID != p.UID {
				return fmt.Errorf("pod %s was created", p.Name)
			}
		}
		return nil
	}
}

// nothingAdded looks for objects of DaemonSet agent, pods and revisions, that were
// created after the entry since.
func nothingAdded(entries []history.Entry, since int64) error {
	for _, en := range entries {
		o, ok := en.Object.(metav1.Object)
		if !ok || en.Seq <= since || en.Change != history.Added {
			continue
		}
		if owner := metav1.GetControllerOfNoCopy(o); owner != nil && owner.Kind == string(history.KindDaemonSet) && owner.Name == "agent" {
			return fmt.Errorf("%s %s was created: %s", en.Kind, en.Name, en)
		}
	}
	return nil
}
