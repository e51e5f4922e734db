//go:build !unix

package repair

import "errors"

func makePipe(string) error { return errors.ErrUnsupported }
