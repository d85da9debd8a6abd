package oracle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/dsconform/dsconform/framework/history"
)

// RevisionTemplate reads the pod template that a ControllerRevision of a
// DaemonSet holds. Its data is a strategic merge patch of spec.template.
func RevisionTemplate(cr *appsv1.ControllerRevision) (corev1.PodTemplateSpec, error) {
	var patch struct {
		Spec struct {
			Template *corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(cr.Data.Raw, &patch); err != nil {
		return corev1.PodTemplateSpec{}, fmt.Errorf("the data of ControllerRevision %s is not a patch of a DaemonSet: %w", cr.Name, err)
	}
	if patch.Spec.Template == nil {
		return corev1.PodTemplateSpec{}, fmt.Errorf("the data of ControllerRevision %s holds no spec.template", cr.Name)
	}
	return *patch.Spec.Template, nil
}

// CurrentRevision gives the ControllerRevision, owned by the DaemonSet, whose
// template is the DaemonSet's present one; of several, the one with the highest
// number. It is an error if there is none (yet). (DS-REV-001, DS-REV-005)
func CurrentRevision(s *history.State, ds *appsv1.DaemonSet) (*appsv1.ControllerRevision, error) {
	ds, err := latest(s, ds)
	if err != nil {
		return nil, err
	}
	owned := s.RevisionsOf(ds)
	var unreadable error
	for _, cr := range slices.Backward(owned) {
		template, err := RevisionTemplate(cr)
		if err != nil {
			unreadable = errors.Join(unreadable, err)
			continue
		}
		if equality.Semantic.DeepEqual(template, ds.Spec.Template) {
			return cr, nil
		}
	}
	if unreadable != nil {
		return nil, unreadable
	}
	return nil, fmt.Errorf("none of the %d ControllerRevisions of DaemonSet %s holds its present template (generation %d)", len(owned), ds.Name, ds.Generation)
}

// Hash gives the value that marks the pods of a ControllerRevision.
func Hash(cr *appsv1.ControllerRevision) string {
	return cr.Labels[appsv1.ControllerRevisionHashLabelKey]
}

// RevisionWellFormed holds when the ControllerRevision is one that a controller
// may make for the DaemonSet: named after DaemonSet and hash, labelled with the
// labels of the template it holds and the hash, owned by the DaemonSet, its data a
// patch that replaces spec.template and touches nothing else. (DS-REV-001..003, DS-OWN-001)
func RevisionWellFormed(cr *appsv1.ControllerRevision, ds *appsv1.DaemonSet) error {
	var wrong complaints
	hash := Hash(cr)
	if hash == "" {
		wrong.add("it lacks label %s", appsv1.ControllerRevisionHashLabelKey)
	} else if want := ds.Name + "-" + hash; cr.Name != want {
		wrong.add("its name must be %s", want)
	}
	if err := OwnedBy(cr.OwnerReferences, ds); err != nil {
		wrong.add("%v", err)
	}
	template, err := RevisionTemplate(cr)
	if err != nil {
		return err
	}
	labels := maps.Clone(template.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[appsv1.ControllerRevisionHashLabelKey] = hash
	if !maps.Equal(labels, cr.Labels) {
		wrong.add("its labels are %v, must be %v", cr.Labels, labels)
	}
	if err := onlyReplacesTemplate(cr.Data.Raw); err != nil {
		wrong.add("%v", err)
	}
	return wrong.err("ControllerRevision %s is not well formed", cr.Name)
}

func onlyReplacesTemplate(raw []byte) error {
	var top struct {
		Spec struct {
			Template struct {
				Patch string `json:"$patch"`
			} `json:"template"`
		} `json:"spec"`
	}
	var all map[string]map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(raw, &top), json.NewDecoder(bytes.NewReader(raw)).Decode(&all)); err != nil {
		return fmt.Errorf("its data is not a patch: %w", err)
	}
	if len(all) != 1 || len(all["spec"]) != 1 {
		return errors.New("its data patches more than spec.template")
	}
	if top.Spec.Template.Patch != "replace" {
		return errors.New("its data lacks the directive $patch: replace in spec.template, so that an undo would merge instead of replace")
	}
	return nil
}
