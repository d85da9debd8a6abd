package lens

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// Revision has every revision made and updated as change leaves it, and seen as
// the controller meant it, so that it is content with it. What others change of
// it is seen.
func Revision(s *rig.Setup, change func(*appsv1.ControllerRevision)) {
	// What is seen waits for the writes under way: a watch may overtake their answers.
	var mu sync.RWMutex
	type pair struct{ written, meant *appsv1.ControllerRevision }
	var made sync.Map // of types.UID to pair
	write := func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
		mu.RLock()
		defer mu.RUnlock()
		cr, err := wire.Decode[appsv1.ControllerRevision](r.Body)
		if err != nil {
			return nil, err
		}
		meant := cr.DeepCopy()
		change(cr)
		if stored := s.Wire.Revisions.Stored(r.Namespace, r.Name); r.Verb == "update" && stored != nil {
			cr.Data = stored.Data // it cannot be changed
		}
		if r.Body, err = json.Marshal(cr); err != nil {
			return nil, fmt.Errorf("writing a revision: %w", err)
		}
		answer, err := next(ctx, r)
		if err != nil || !answer.OK() {
			return answer, err
		}
		got, err := wire.Decode[appsv1.ControllerRevision](answer.Body)
		if err != nil {
			return nil, err
		}
		made.Store(got.UID, pair{written: cr, meant: meant})
		restore(got, cr, meant)
		if answer.Body, err = json.Marshal(got); err != nil {
			return nil, fmt.Errorf("writing a revision: %w", err)
		}
		return answer, nil
	}
	s.Wire.OnWrite("create", "controllerrevisions", write)
	s.Wire.OnWrite("update", "controllerrevisions", write)
	s.Wire.Revisions.See(func(cr *appsv1.ControllerRevision) bool {
		mu.Lock()
		p, ok := made.Load(cr.UID)
		mu.Unlock()
		if ok {
			restore(cr, p.(pair).written, p.(pair).meant)
		}
		return true
	})
}

// restore gives a revision what was meant, wherever it has what was written.
func restore(cr, written, meant *appsv1.ControllerRevision) {
	if cr.Revision == written.Revision {
		cr.Revision = meant.Revision
	}
	if string(cr.Data.Raw) == string(written.Data.Raw) {
		cr.Data = meant.Data
	}
	if equality.Semantic.DeepEqual(cr.Labels, written.Labels) {
		cr.Labels = meant.Labels
	}
	if equality.Semantic.DeepEqual(cr.Annotations, written.Annotations) {
		cr.Annotations = meant.Annotations
	}
	if equality.Semantic.DeepEqual(cr.OwnerReferences, written.OwnerReferences) {
		cr.OwnerReferences = meant.OwnerReferences
	}
}
