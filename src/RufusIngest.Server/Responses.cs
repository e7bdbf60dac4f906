using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RufusIngest.Cloud;

namespace RufusIngest.Server;

/// <summary>Why a request was refused; what is counted.</summary>
enum Refusal : byte
{
    Wrong,
    Forbidden,
    TooLarge,
    RateLimited,
}

/// <summary>Writes answers in the profile's shape and counts the refusals.</summary>
sealed class Responses(VenueRules rules)
{
    public const string Success = "Success";

    static readonly JsonEncodedText _description = JsonEncodedText.Encode("description");
    /// <summary>Escapes what JSON must, and no more.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    static readonly JsonWriterOptions _writerOptions = new() { Encoder = Encoder, SkipValidation = true };

    readonly long[] _refusals = new long[4];

    /// <summary>Whether a body is JSON in a string, so that an answer must be whole before it is sent.</summary>
    public bool AreText => rules.Envelope == CloudEnvelope.WrappedText;

    public bool AreFlat => rules.Envelope == CloudEnvelope.Flat;

    public long Refused(Refusal refusal) => Interlocked.Read(ref _refusals[(int)refusal]);

    public static Utf8JsonWriter Writer(IBufferWriter<byte> output) => new(output, _writerOptions);

    /// <summary>Starts an answer: what follows are further members beside the description.</summary>
    public void Open(Utf8JsonWriter json, string description)
    {
        json.WriteStartObject();
        if (rules.Envelope == CloudEnvelope.Wrapped)
            json.WriteStartObject("body"u8);
        json.WriteString(_description, description);
    }

    public void Close(Utf8JsonWriter json)
    {
        if (rules.Envelope == CloudEnvelope.Wrapped)
            json.WriteEndObject();
        json.WriteEndObject();
    }

    public void WritePagination(Utf8JsonWriter json, Paging paging, int total)
    {
        if (!rules.Pagination)
            return;
        json.WriteStartObject("pagination"u8);
        json.WriteNumber("page"u8, paging.Page);
        json.WriteNumber("limit"u8, paging.Limit);
        json.WriteNumber("total"u8, total);
        json.WriteBoolean("has_more"u8, paging.HasMore(total));
        json.WriteEndObject();
    }

    public Task SendAsync(
        HttpContext context, int status, string description, string? idName = null, string? id = null) =>
        SendAsync(context, status, description, json =>
        {
            if (idName is not null)
                json.WriteString(idName, id);
        });

    public Task SendAsync(HttpContext context, int status, string description, Action<Utf8JsonWriter> members)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using (var json = Writer(output))
        {
            Open(json, description);
            members(json);
            Close(json);
        }

        return SendAsync(context, status, output);
    }

    /// <summary>An answer 200 with a listing's page in <c>result</c>.</summary>
    public Task SendListAsync<T>(
        HttpContext context, IEnumerable<T> items, Paging paging, int total, Action<Utf8JsonWriter, T> write) =>
        SendAsync(context, StatusCodes.Status200OK, Success, json =>
        {
            json.WriteStartArray("result"u8);
            foreach (var item in items)
                write(json, item);
            json.WriteEndArray();
            WritePagination(json, paging, total);
        });

    public Task RefuseAsync(
        HttpContext context, Refusal refusal, int status, string description, string? idName = null, string? id = null)
    {
        Interlocked.Increment(ref _refusals[(int)refusal]);
        return SendAsync(context, status, description, idName, id);
    }

    /// <summary>The answer to a fault of ours; the newer specification gives its wrapped form.</summary>
    public Task SendFaultAsync(HttpContext context)
    {
        const int Status = StatusCodes.Status500InternalServerError;
        return AreFlat ? SendAsync(context, Status, "Internal error")
            : WriteAsync(context.Response, Status, """{"body":null}"""u8.ToArray(), context.RequestAborted);
    }

    /// <summary>Sends what was written between <see cref="Open"/> and <see cref="Close"/>.</summary>
    public Task SendAsync(HttpContext context, int status, ArrayBufferWriter<byte> output)
    {
        if (AreText)
            output = InString(output);
        return WriteAsync(context.Response, status, output.WrittenMemory, context.RequestAborted);
    }

    static ArrayBufferWriter<byte> InString(ArrayBufferWriter<byte> body)
    {
        var output = new ArrayBufferWriter<byte>(body.WrittenCount + 256);
        using var json = Writer(output);
        json.WriteStartObject();
        json.WriteString("body"u8, body.WrittenSpan);
        json.WriteEndObject();
        json.Flush();
        return output;
    }

    static async Task WriteAsync(
        HttpResponse response, int status, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        response.StatusCode = status;
        if (status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent
            or StatusCodes.Status304NotModified)
        {
            return; // HTTP has no body for these.
        }

        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        await response.BodyWriter.WriteAsync(body, cancellationToken).ConfigureAwait(false);
    }
}
