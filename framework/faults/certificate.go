package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// validity is longer than any run.
const validity = 48 * time.Hour

// certificate makes an authority and, signed by it, a certificate for a server
// on this machine. Credentials are only ever sent to a server that is verified:
// clients leave them out on a connection without TLS.
func certificate(now time.Time) (ca []byte, own tls.Certificate, err error) {
	authority, authorityKey, err := sign(template("dsconform-faults-ca", now), nil, nil)
	if err != nil {
		return nil, own, err
	}
	server := template("dsconform-faults", now)
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IsCA, server.KeyUsage = false, x509.KeyUsageDigitalSignature
	cert, key, err := sign(server, authority, authorityKey)
	if err != nil {
		return nil, own, err
	}
	ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw})
	return ca, tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}, nil
}

// template is an authority's.
func template(name string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		// A clock may be set back meanwhile.
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
}

// sign makes a certificate with a key of its own, signed by the authority or,
// without one, by itself.
func sign(what, authority *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key for %s: %w", what.Subject.CommonName, err)
	}
	if authority == nil {
		authority, by = what, key
	}
	der, err := x509.CreateCertificate(rand.Reader, what, authority, key.Public(), by)
	if err != nil {
		return nil, nil, fmt.Errorf("signing a certificate for %s: %w", what.Subject.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("reading back the certificate for %s: %w", what.Subject.CommonName, err)
	}
	return cert, key, nil
}
