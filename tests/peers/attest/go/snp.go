package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/google/go-sev-guest/abi"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	"github.com/google/go-sev-guest/validate"
	"github.com/google/go-sev-guest/verify"
	"github.com/google/go-sev-guest/verify/trust"
)

// der gives the first or last certificate of a PEM file, or the file itself.
func der(path string, last bool) ([]byte, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	found := rest
	for first := true; bytes.Contains(rest, []byte("-----BEGIN")); first = false {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if first || last {
			found = block.Bytes
		}
	}
	return found, nil
}

func certificate(path string) (*x509.Certificate, error) {
	raw, err := der(path, true)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

// authority is the ASK or ASVK. The library takes it from its roots and so believes it: here it is only delivered, and must be verified.
func authority(c *Case, ark *x509.Certificate) (*x509.Certificate, error) {
	raw, err := der(c.Ask, false)
	if err != nil {
		return nil, err
	}
	ask, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(ark)
	_, err = ask.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: c.now()})
	return ask, err
}

func roots(c *Case) (map[string][]*trust.AMDRootCerts, error) {
	ark, err := certificate(c.Ark)
	if err != nil {
		return nil, err
	}
	ask, err := authority(c, ark)
	if err != nil {
		return nil, err
	}
	all := map[string][]*trust.AMDRootCerts{}
	for _, line := range []string{"Milan", "Genoa", "Turin"} {
		root := trust.AMDRootCertsProduct(line)
		root.ProductCerts = &trust.ProductCerts{Ask: ask, Asvk: ask, Ark: ark}
		all[line] = []*trust.AMDRootCerts{root}
	}
	return all, nil
}

func attestation(c *Case) (*spb.Attestation, error) {
	raw, err := os.ReadFile(c.Report)
	if err != nil {
		return nil, err
	}
	if len(raw) != abi.ReportSize {
		return nil, fmt.Errorf("report size %d", len(raw))
	}
	report, err := abi.ReportToProto(raw)
	if err != nil {
		return nil, err
	}
	info, err := abi.ParseSignerInfo(report.GetSignerInfo())
	if err != nil {
		return nil, err
	}
	key, err := der(c.Vcek, false)
	if err != nil {
		return nil, err
	}
	chain := &spb.CertificateChain{VcekCert: key}
	if info.SigningKey == abi.VlekReportSigner {
		chain = &spb.CertificateChain{VlekCert: key}
	}
	return &spb.Attestation{Report: report, CertificateChain: chain}, nil
}

// limits allow what our policies allow by default, and what the case's policy allows.
func limits(c *Case) *validate.Options {
	vmpl := 0
	return &validate.Options{
		GuestPolicy:               abi.SnpPolicy{SMT: true, CXLAllowed: true, Debug: c.AllowDebug},
		PermitProvisionalFirmware: c.Permissive,
		VMPL:                      &vmpl,
	}
}

func verifyReport(c *Case) error {
	trusted, err := roots(c)
	if err != nil {
		return err
	}
	shown, err := attestation(c)
	if err != nil {
		return err
	}
	if err := verify.SnpAttestation(shown, &verify.Options{DisableCertFetching: true, Now: c.now(), TrustedRoots: trusted}); err != nil {
		return err
	}
	return validate.SnpAttestation(shown, limits(c))
}
