using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>Writes answers in the configured shape and counts the refusals.</summary>
sealed class Responses(VenueEnvelope envelope)
{
    public const string Success = "Success";

    static readonly JsonEncodedText _description = JsonEncodedText.Encode("description");
    static readonly JsonWriterOptions _writerOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    long _badRequests;
    long _forbidden;
    long _tooLarge;

    public long BadRequests => Interlocked.Read(ref _badRequests);

    public long Forbidden => Interlocked.Read(ref _forbidden);

    public long TooLarge => Interlocked.Read(ref _tooLarge);

    public VenueEnvelope Envelope => envelope;

    public static Utf8JsonWriter Writer(IBufferWriter<byte> output) => new(output, _writerOptions);

    /// <summary>Starts an answer: what follows are further members beside the description.</summary>
    public void Open(Utf8JsonWriter json, string description)
    {
        json.WriteStartObject();
        if (envelope == VenueEnvelope.Wrapped)
            json.WriteStartObject("body"u8);
        json.WriteString(_description, description);
    }

    public void Close(Utf8JsonWriter json)
    {
        if (envelope == VenueEnvelope.Wrapped)
            json.WriteEndObject();
        json.WriteEndObject();
    }

    public Task SendAsync(HttpContext context, int status, string description, string? idName = null, string? id = null)
    {
        Count(status);
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = Writer(output))
        {
            Open(json, description);
            if (idName is not null)
                json.WriteString(idName, id);
            Close(json);
        }

        return SendAsync(context, status, output);
    }

    public Task SendInsertedAsync(HttpContext context, string token, InsertResult result)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = Writer(output))
        {
            Open(json, "Passings inserted succesfully");
            json.WriteString("token_session"u8, token);
            json.WriteNumber("inserted_count"u8, result.Inserted);
            json.WriteNumber("duplicate_count"u8, result.Duplicates);
            Close(json);
        }

        return SendAsync(context, StatusCodes.Status201Created, output);
    }

    public Task SendSessionAsync(HttpContext context, TimingSession session)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using (var json = Writer(output))
        {
            Open(json, Success);
            json.WriteStartArray("result"u8);
            WriteSession(json, session);
            json.WriteEndArray();
            Close(json);
        }

        return SendAsync(context, StatusCodes.Status200OK, output);
    }

    /// <summary>The answer to a fault of ours; the newer specification gives its wrapped form.</summary>
    public Task SendFaultAsync(HttpContext context)
    {
        if (envelope == VenueEnvelope.Flat)
            return SendAsync(context, StatusCodes.Status500InternalServerError, "Internal error");
        var output = new ArrayBufferWriter<byte>(16);
        output.Write("""{"body":null}"""u8);
        return SendAsync(context, StatusCodes.Status500InternalServerError, output);
    }

    static void WriteSession(Utf8JsonWriter json, TimingSession session)
    {
        var info = session.Info();
        json.WriteStartObject();
        json.WriteString("token_session"u8, session.Token);
        json.WriteString("alias"u8, session.Alias);
        WriteTime(json, "creation_date"u8, session.CreatedMs);
        json.WriteNull("duration"u8); // The API's own meaning of it is not known.
        json.WriteBoolean("active"u8, info.Active);
        json.WriteNumber("passings"u8, info.Passings);
        if (info.Passings == 0)
        {
            json.WriteNull("first"u8);
            json.WriteNull("last"u8);
        }
        else
        {
            WriteTime(json, "first"u8, info.FirstMs);
            WriteTime(json, "last"u8, info.LastMs);
        }

        json.WriteEndObject();
    }

    public static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, long milliseconds)
    {
        Span<byte> text = stackalloc byte[Rfc3339.Length];
        Rfc3339.Format(milliseconds, text);
        json.WriteString(name, text);
    }

    static async Task SendAsync(HttpContext context, int status, ArrayBufferWriter<byte> output)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = output.WrittenCount;
        await response.BodyWriter.WriteAsync(output.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }

    void Count(int status)
    {
        switch (status)
        {
            case StatusCodes.Status400BadRequest:
                Interlocked.Increment(ref _badRequests);
                break;
            case StatusCodes.Status403Forbidden:
                Interlocked.Increment(ref _forbidden);
                break;
            case StatusCodes.Status413PayloadTooLarge or StatusCodes.Status507InsufficientStorage:
                Interlocked.Increment(ref _tooLarge);
                break;
            default:
                break;
        }
    }
}
