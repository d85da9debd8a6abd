package podlife

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// announcer is the component that events of a DaemonSet controller come from.
const announcer = "daemonset-controller"

// deed is something a controller does, by the event that tells of it.
type deed struct {
	// kind and reason are the event's.
	kind, reason string
	// words stand in its message: the pod's name, or what the API server said.
	words string
}

func created(pod string) deed {
	return deed{corev1.EventTypeNormal, "SuccessfulCreate", pod}
}

func deleted(pod string) deed {
	return deed{corev1.EventTypeNormal, "SuccessfulDelete", pod}
}

// told judges that an event tells of the deed, from the controller, about the
// DaemonSet as it is: by its UID, for one of the same name may have been there before.
func told(s *history.State, daemonSet string, d deed) error {
	ev, err := eventOf(s, daemonSet, d)
	if err != nil {
		return err
	}
	return wellTold(ev, s.DaemonSet(daemonSet))
}

func eventOf(s *history.State, daemonSet string, d deed) (*corev1.Event, error) {
	var seen []string
	for _, ev := range s.EventsFor("DaemonSet", daemonSet) {
		if d.tells(ev) {
			return ev, nil
		}
		seen = append(seen, ev.Type+" "+ev.Reason)
	}
	return nil, fmt.Errorf("DaemonSet %s has no %s event %s with %q; it has %v", daemonSet, d.kind, d.reason, d.words, seen)
}

func (d deed) tells(ev *corev1.Event) bool {
	return ev.Type == d.kind && ev.Reason == d.reason && strings.Contains(ev.Message, d.words)
}

// wellTold judges whose event it is, what about, and how often it happened.
func wellTold(ev *corev1.Event, ds *appsv1.DaemonSet) error {
	about := ev.InvolvedObject
	switch {
	case ds == nil:
		return fmt.Errorf("event %s is about DaemonSet %s, which is not there", ev.Name, about.Name)
	case about.UID != ds.UID || about.Namespace != ds.Namespace || about.APIVersion != appsv1.SchemeGroupVersion.String():
		return fmt.Errorf("event %s %s is about %s, namespace %s, UID %s; the DaemonSet is of apps/v1, namespace %s, UID %s",
			ev.Name, ev.Reason, about.APIVersion, about.Namespace, about.UID, ds.Namespace, ds.UID)
	case ev.Source.Component != announcer && ev.ReportingController != announcer:
		return fmt.Errorf("event %s %s is from %q, not from %s", ev.Name, ev.Reason, ev.Source.Component, announcer)
	case ev.Count < 1 && ev.Series == nil:
		return fmt.Errorf("event %s %s has the count %d", ev.Name, ev.Reason, ev.Count)
	}
	return nil
}

// toldOnly judges that of all the reasons of a controller's events exactly these
// deeds are told about the DaemonSet, each once and by one event.
func toldOnly(daemonSet string, deeds ...deed) func(*history.State) error {
	return func(s *history.State) error {
		events := s.EventsFor("DaemonSet", daemonSet)
		var wrong []error
		for _, d := range deeds {
			of := slices.DeleteFunc(slices.Clone(events), func(ev *corev1.Event) bool { return !d.tells(ev) })
			if len(of) != 1 || of[0].Count != 1 {
				wrong = append(wrong, fmt.Errorf("DaemonSet %s has %d events %s of %s, counts %v; there is to be one, of count 1", daemonSet, len(of), d.reason, d.words, countsOf(of)))
				continue
			}
			wrong = append(wrong, wellTold(of[0], s.DaemonSet(daemonSet)))
		}
		for _, ev := range events {
			if !slices.ContainsFunc(deeds, func(d deed) bool { return d.tells(ev) }) {
				wrong = append(wrong, fmt.Errorf("DaemonSet %s has an event that tells of nothing that was done: %s %s: %s", daemonSet, ev.Type, ev.Reason, ev.Message))
			}
		}
		return errors.Join(wrong...)
	}
}

func countsOf(events []*corev1.Event) []int32 {
	var out []int32
	for _, ev := range events {
		out = append(out, ev.Count)
	}
	return out
}
