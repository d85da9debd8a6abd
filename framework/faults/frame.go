package faults

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
)

const (
	// maxFrame is more than any object may have; a longer one is no frame.
	maxFrame = 64 << 20
	// pieceSize is how much of a stream of unknown framing is taken at once.
	pieceSize = 32 << 10
)

// framing cuts a watch's stream into the changes it tells of, each with the
// bytes that set it apart, so that all together are the stream again.
type framing struct {
	// next gives the next change. At the end of the stream it gives what is left
	// and io.EOF.
	next func(*bufio.Reader) ([]byte, error)
	// failure is the status as the stream tells of it; nil where that is not known.
	failure func(metav1.Status) ([]byte, error)
}

// framingOf tells how a stream of the content type is framed.
func framingOf(contentType string) framing {
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
	case media == runtime.ContentTypeJSON:
		return framing{nextLine, jsonFailure}
	case media == runtime.ContentTypeProtobuf:
		return framing{nextPrefixed, protobufFailure}
	}
	return framing{next: nextPiece}
}

// nextLine: the API server ends each change in JSON with a line's end, and none holds another.
func nextLine(r *bufio.Reader) ([]byte, error) { return r.ReadBytes('\n') }

// nextPrefixed: in protobuf, four bytes before each change say how long it is.
func nextPrefixed(r *bufio.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if n, err := io.ReadFull(r, head); err != nil {
		return head[:n], whole(n, err)
	}
	length := binary.BigEndian.Uint32(head)
	if length > maxFrame {
		return nil, fmt.Errorf("a change of %d bytes is no change", length)
	}
	frame := append(head, make([]byte, length)...)
	if n, err := io.ReadFull(r, frame[4:]); err != nil {
		return frame[:4+n], whole(4+n, err)
	}
	return frame, nil
}

// whole turns the end of the stream between two changes into a plain io.EOF.
func whole(read int, err error) error {
	if read > 0 && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func nextPiece(r *bufio.Reader) ([]byte, error) {
	piece := make([]byte, pieceSize)
	n, err := r.Read(piece)
	return piece[:n], err
}

func jsonFailure(s metav1.Status) ([]byte, error) {
	object, err := encode(s, runtime.ContentTypeJSON)
	if err != nil {
		return nil, err
	}
	frame, err := json.Marshal(metav1.WatchEvent{Type: string(watch.Error), Object: runtime.RawExtension{Raw: bytes.TrimSpace(object)}})
	if err != nil {
		return nil, fmt.Errorf("encoding an error event: %w", err)
	}
	return append(frame, '\n'), nil
}

func protobufFailure(s metav1.Status) ([]byte, error) {
	object, err := encode(s, runtime.ContentTypeProtobuf)
	if err != nil {
		return nil, err
	}
	event := metav1.WatchEvent{Type: string(watch.Error), Object: runtime.RawExtension{Raw: object}}
	raw, err := event.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding an error event: %w", err)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...), nil
}

// failure is the status that the API server answers with a code.
func failure(code int, text string) metav1.Status {
	return metav1.Status{Status: metav1.StatusFailure, Code: int32(code), Reason: reasonOf(code), Message: text}
}

// accepted is the content type in which the client takes a status.
func accepted(h *http.Request) string {
	if strings.HasPrefix(h.Header.Get("Accept"), runtime.ContentTypeProtobuf) {
		return runtime.ContentTypeProtobuf
	}
	return runtime.ContentTypeJSON
}

// encode gives the status in the content type.
func encode(s metav1.Status, contentType string) ([]byte, error) {
	info, ok := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), contentType)
	if !ok {
		return nil, fmt.Errorf("encoding a status: %s is not known", contentType)
	}
	raw, err := runtime.Encode(scheme.Codecs.EncoderForVersion(info.Serializer, corev1.SchemeGroupVersion), &s)
	if err != nil {
		return nil, fmt.Errorf("encoding a status as %s: %w", contentType, err)
	}
	return raw, nil
}
