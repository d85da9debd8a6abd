package lens

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/controller/daemon/util"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// marker tells in the template that the controller sees which stored one it was
// made from: two stored templates never look the same to it.
const marker = "mutants.dsconform.dev/stored"

// Template has the controller see every template as change leaves it, in
// DaemonSets and revisions alike. What it writes is what it would have written
// of the template that is stored, so that the change shows in its decisions
// alone: which nodes it takes for eligible.
func Template(s *rig.Setup, change func(*corev1.PodTemplateSpec)) {
	TemplateOf(s, func(_ types.UID, p *corev1.PodTemplateSpec) { change(p) })
}

// TemplateOf is Template where the change depends on the DaemonSet, told by its
// UID, which is empty for a revision without a controller.
func TemplateOf(s *rig.Setup, change func(types.UID, *corev1.PodTemplateSpec)) {
	t := &templates{change: change, stored: map[string]*corev1.PodTemplateSpec{}}
	s.Wire.DaemonSets.See(func(ds *appsv1.DaemonSet) bool {
		t.blur(ds.UID, &ds.Spec.Template)
		return true
	})
	s.Wire.Revisions.See(func(cr *appsv1.ControllerRevision) bool {
		var owner types.UID
		if ref := metav1.GetControllerOf(cr); ref != nil {
			owner = ref.UID
		}
		t.inRevision(cr, func(p *corev1.PodTemplateSpec) { t.blur(owner, p) })
		return true
	})
	s.Wire.OnWrite("create", "pods", wire.Rewrite(t.pod))
	for _, verb := range []string{"create", "update"} {
		s.Wire.OnWrite(verb, "controllerrevisions", wire.Rewrite(t.revision))
	}
}

// Revisions has every revision be made with the template as written leaves it,
// and seen with it as seen leaves it.
func Revisions(s *rig.Setup, written, seen func(*corev1.PodTemplateSpec)) {
	t := &templates{}
	for _, verb := range []string{"create", "update"} {
		s.Wire.OnWrite(verb, "controllerrevisions", wire.Rewrite(func(cr *appsv1.ControllerRevision) { t.inRevision(cr, written) }))
	}
	s.Wire.Revisions.See(func(cr *appsv1.ControllerRevision) bool {
		t.inRevision(cr, seen)
		return true
	})
}

// templates knows the stored template of every seen one.
type templates struct {
	change func(types.UID, *corev1.PodTemplateSpec)

	mu     sync.Mutex
	stored map[string]*corev1.PodTemplateSpec
}

// blur makes the seen template of a stored one.
func (t *templates) blur(owner types.UID, p *corev1.PodTemplateSpec) {
	raw, err := json.Marshal(p)
	if err != nil {
		return // what was read as JSON can be written as such
	}
	sum := sha256.Sum256(raw)
	id := hex.EncodeToString(sum[:8])
	t.mu.Lock()
	t.stored[id] = p.DeepCopy()
	t.mu.Unlock()
	t.change(owner, p)
	if p.Annotations == nil {
		p.Annotations = map[string]string{}
	}
	p.Annotations[marker] = id
}

// original gives the stored template that annotations tell of; nil if they do not.
func (t *templates) original(annotations map[string]string) *corev1.PodTemplateSpec {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.stored[annotations[marker]]; p != nil {
		return p.DeepCopy()
	}
	return nil
}

// pod makes the pod that the controller meant of the stored template.
func (t *templates) pod(p *corev1.Pod) {
	stored := t.original(p.Annotations)
	if stored == nil {
		return
	}
	for _, l := range []string{appsv1.ControllerRevisionHashLabelKey, appsv1.DeprecatedTemplateGeneration} {
		if v, ok := p.Labels[l]; ok {
			if stored.Labels == nil {
				stored.Labels = map[string]string{}
			}
			stored.Labels[l] = v
		}
	}
	p.Labels, p.Annotations = stored.Labels, stored.Annotations
	util.AddOrUpdateDaemonPodTolerations(&stored.Spec)
	if node, err := util.GetTargetNodeName(p); err == nil {
		stored.Spec.Affinity = util.ReplaceDaemonSetPodNodeNameNodeAffinity(stored.Spec.Affinity, node)
	}
	p.Spec = stored.Spec
}

// revision makes the revision that the controller meant of the stored template.
func (t *templates) revision(cr *appsv1.ControllerRevision) {
	t.inRevision(cr, func(p *corev1.PodTemplateSpec) {
		stored := t.original(p.Annotations)
		if stored == nil {
			return
		}
		*p = *stored
	})
}

// inRevision changes the template in a revision's data.
func (t *templates) inRevision(cr *appsv1.ControllerRevision, change func(*corev1.PodTemplateSpec)) {
	var data struct {
		Spec struct {
			Template map[string]any `json:"template"`
		} `json:"spec"`
	}
	if json.Unmarshal(cr.Data.Raw, &data) != nil || data.Spec.Template == nil {
		return
	}
	directive := data.Spec.Template["$patch"]
	delete(data.Spec.Template, "$patch")
	p := corev1.PodTemplateSpec{}
	if recode(data.Spec.Template, &p) != nil {
		return
	}
	change(&p)
	clear(data.Spec.Template)
	if recode(p, &data.Spec.Template) != nil {
		return
	}
	if directive != nil {
		data.Spec.Template["$patch"] = directive
	}
	if raw, err := json.Marshal(data); err == nil {
		cr.Data.Raw = raw
	}
}

// recode reads one value as another by its JSON.
func recode(from, to any) error {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		return fmt.Errorf("reading %T as %T: %w", from, to, err)
	}
	return nil
}
