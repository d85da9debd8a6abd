package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/uuid"
)

// Rewrite makes a hook that changes the object in a request's body.
func Rewrite[T any](change func(*T)) Hook {
	return func(ctx context.Context, r *Request, next Next) (*Answer, error) {
		o, err := Decode[T](r.Body)
		if err != nil {
			return nil, err
		}
		change(o)
		if r.Body, err = json.Marshal(o); err != nil {
			return nil, fmt.Errorf("writing the body of %s %s: %w", r.Verb, r.What(), err)
		}
		return next(ctx, r)
	}
}

// Judge makes a hook that decides by the object in a request's body. Where
// judge gives an answer, the API server never hears of the request.
func Judge[T any](judge func(r *Request, o *T) *Answer) Hook {
	return func(ctx context.Context, r *Request, next Next) (*Answer, error) {
		o, err := Decode[T](r.Body)
		if err != nil {
			return nil, err
		}
		if a := judge(r, o); a != nil {
			return a, nil
		}
		return next(ctx, r)
	}
}

// Decode reads an object; of an empty body it is the zero value.
func Decode[T any](body []byte) (*T, error) {
	o := new(T)
	if len(body) == 0 {
		return o, nil
	}
	if err := json.Unmarshal(body, o); err != nil {
		return nil, fmt.Errorf("reading a %T: %w", o, err)
	}
	return o, nil
}

// Delayed makes a hook that passes a request on only after so long.
func Delayed(d time.Duration) Hook {
	return func(ctx context.Context, r *Request, next Next) (*Answer, error) {
		if err := pause(ctx, d); err != nil {
			return nil, err
		}
		return next(ctx, r)
	}
}

// pause waits for d, or for the end of the request.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Refuse is an answer that refuses a request with a code and a text.
func Refuse(code int, text string) *Answer {
	reason := map[int]metav1.StatusReason{
		http.StatusForbidden: metav1.StatusReasonForbidden, http.StatusNotFound: metav1.StatusReasonNotFound,
		http.StatusConflict: metav1.StatusReasonConflict, http.StatusInternalServerError: metav1.StatusReasonInternalError,
	}[code]
	return answer(code, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
		Code: int32(code), Reason: reason, Message: text,
	})
}

// Pretend is the answer that the API server would have given to a request that
// it never hears of: an object made as asked for, or a success.
func Pretend(r *Request) *Answer {
	o := unstructured.Unstructured{}
	if r.Verb == "delete" || r.Verb == "patch" || json.Unmarshal(r.Body, &o.Object) != nil {
		return answer(http.StatusOK, metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess,
		})
	}
	if r.Verb != "create" {
		return &Answer{Code: http.StatusOK, Body: r.Body}
	}
	if o.GetName() == "" {
		o.SetName(o.GetGenerateName() + string(uuid.NewUUID())[:5])
	}
	o.SetNamespace(r.Namespace)
	o.SetUID(uuid.NewUUID())
	o.SetCreationTimestamp(metav1.Now())
	return answer(http.StatusCreated, o.Object)
}

// answer writes a value that JSON can say.
func answer(code int, value any) *Answer {
	body, err := json.Marshal(value)
	if err != nil {
		// Only values of this package get here.
		return &Answer{Code: http.StatusInternalServerError}
	}
	return &Answer{Code: code, Body: body}
}
