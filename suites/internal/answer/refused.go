package answer

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Refused judges that a request was refused with the code and for the reason. A
// nil error is a request that was accepted.
func Refused(err error, code int32, reason metav1.StatusReason) error {
	if err == nil {
		return errors.New("it was accepted")
	}
	var refusal apierrors.APIStatus
	if !errors.As(err, &refusal) {
		return fmt.Errorf("it was not answered: %w", err)
	}
	if got := refusal.Status(); got.Code != code || got.Reason != reason {
		return fmt.Errorf("the answer is %d %s instead of %d %s: %s", got.Code, got.Reason, code, reason, got.Message)
	}
	return nil
}

// Invalid judges that a request was refused as invalid (422), and that the
// answer names one of the fields with that kind of fault.
func Invalid(err error, fault metav1.CauseType, fields ...string) error {
	if other := Refused(err, http.StatusUnprocessableEntity, metav1.StatusReasonInvalid); other != nil {
		return other
	}
	causes := Causes(err)
	if slices.ContainsFunc(causes, func(c metav1.StatusCause) bool { return c.Type == fault && slices.Contains(fields, c.Field) }) {
		return nil
	}
	var named []string
	for _, c := range causes {
		named = append(named, fmt.Sprintf("%s (%s)", c.Field, c.Type))
	}
	return fmt.Errorf("it was refused as invalid, but not because of %s (%s): the answer names %v", strings.Join(fields, " or "), fault, named)
}

// Causes are what the answer to a refused request names as its causes.
func Causes(err error) []metav1.StatusCause {
	var refusal apierrors.APIStatus
	if !errors.As(err, &refusal) || refusal.Status().Details == nil {
		return nil
	}
	return refusal.Status().Details.Causes
}

// Unanswered gives the error where it says nothing of the request itself: the
// API server was not reached, or had no time for it.
func Unanswered(err error) error {
	var refusal apierrors.APIStatus
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refusal), apierrors.IsTooManyRequests(err), apierrors.IsServerTimeout(err),
		apierrors.IsTimeout(err), apierrors.IsServiceUnavailable(err):
		return err
	}
	return nil
}
