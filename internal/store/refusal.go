//go:build cloud

package store

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"google.golang.org/api/googleapi"
)

// statusOf is the HTTP status that a store answered with, and 0 where the error is none
// of an answer.
func statusOf(err error) int {
	if aws, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return aws.HTTPStatusCode()
	}
	if google, ok := errors.AsType[*googleapi.Error](err); ok {
		return google.Code
	}
	if azure, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return azure.StatusCode
	}
	return 0
}

// momentary are the statuses that a store has for a moment, too many requests among them.
var momentary = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// momentaryCodes are those of S3 that come with other statuses, see
// docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
var momentaryCodes = []string{"RequestTimeout", "ConditionalRequestConflict", "OperationAborted"}

// isTransient says whether an error may be another the next time.
func isTransient(err error) bool {
	if api, ok := errors.AsType[smithy.APIError](err); ok && slices.Contains(momentaryCodes, api.ErrorCode()) {
		return true
	}
	if status := statusOf(err); slices.Contains(momentary, status) {
		return true
	} else if status >= http.StatusBadRequest {
		return false
	}
	if _, ok := errors.AsType[*v4.SigningError](err); ok {
		return false // there are no credentials
	}
	if _, ok := errors.AsType[net.Error](err); ok { // also what net/http says of a request
		return true
	}
	return errors.Is(err, errStalled) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// describe says in one line what a store answered, without credentials.
func describe(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return redact(fmt.Sprintf("%s: %s", api.ErrorCode(), api.ErrorMessage()))
	}
	if google, ok := errors.AsType[*googleapi.Error](err); ok {
		return redact(fmt.Sprintf("HTTP status %d: %s", google.Code, google.Message))
	}
	if azure, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return redact(fmt.Sprintf("HTTP status %d: %s", azure.StatusCode, azure.ErrorCode))
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		return redact(request.Err.Error()) // the URL may be signed
	}
	return redact(err.Error())
}

// secretVariables are those that the stores' libraries read credentials from.
var secretVariables = []string{
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_CONNECTION_STRING",
	"AZURE_STORAGEBLOB_CONNECTIONSTRING", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN",
}

// signed are parts of URLs and headers that stand for credentials.
var signed = regexp.MustCompile(`(?i)\b(sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|access_token|authorization)([=:]\s*)[^&\s"']+`)

// mostWords is how much of a library's error is shown, bytes.
const mostWords = 400

// redact makes one line of a text, and takes credentials out of it.
func redact(text string) string {
	for _, name := range secretVariables {
		if secret := os.Getenv(name); secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	text = strings.Join(strings.Fields(signed.ReplaceAllString(text, "$1$2…")), " ")
	if len(text) > mostWords {
		text = strings.ToValidUTF8(text[:mostWords], "") + "…"
	}
	return text
}
