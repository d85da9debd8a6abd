package lens

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// Pod has every pod made as change leaves it, and seen with the labels and
// owners that the controller meant, so that it is content with it.
func Pod(s *rig.Setup, change func(*corev1.Pod)) {
	// A watch may tell of a pod before the answer to its creation has come: what is
	// seen waits for the creations under way.
	var mu sync.RWMutex
	var made sync.Map // of types.UID to *corev1.Pod
	s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
		mu.RLock()
		defer mu.RUnlock()
		p, err := wire.Decode[corev1.Pod](r.Body)
		if err != nil {
			return nil, err
		}
		meant := p.DeepCopy()
		change(p)
		if r.Body, err = json.Marshal(p); err != nil {
			return nil, fmt.Errorf("writing a pod: %w", err)
		}
		answer, err := next(ctx, r)
		if err != nil || !answer.OK() {
			return answer, err
		}
		got, err := wire.Decode[corev1.Pod](answer.Body)
		if err != nil {
			return nil, err
		}
		made.Store(got.UID, meant)
		return answer, nil
	})
	s.Wire.Pods.See(func(p *corev1.Pod) bool {
		mu.Lock()
		meant, ok := made.Load(p.UID)
		mu.Unlock()
		if ok {
			p.Labels, p.OwnerReferences = meant.(*corev1.Pod).Labels, meant.(*corev1.Pod).OwnerReferences
		}
		return true
	})
	// What is gone is forgotten.
	s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
		if c.Type == "DELETED" {
			made.Delete(types.UID(c.New.UID))
		}
		return wire.Fate{}
	})
}
