using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>Writes stored passings as the API reads them back.</summary>
sealed class PassingsReader(Responses responses)
{
    const int FlushBytes = 32 * 1024;

    static readonly JsonEncodedText _token = JsonEncodedText.Encode("token_session");
    static readonly JsonEncodedText _number = JsonEncodedText.Encode("num_passing");
    static readonly JsonEncodedText _latitude = JsonEncodedText.Encode("latitude");
    static readonly JsonEncodedText _longitude = JsonEncodedText.Encode("longitude");
    static readonly JsonEncodedText _deviceId = JsonEncodedText.Encode("deviceid");

    static readonly (int Text, JsonEncodedText Name)[] _afterCoordinates =
    [
        (PassingText.Status, JsonEncodedText.Encode("status")),
        (PassingText.ParticipantId, JsonEncodedText.Encode("participant_id")),
        (PassingText.Chip, JsonEncodedText.Encode("chip")),
        (PassingText.Bib, JsonEncodedText.Encode("bib")),
        (PassingText.Timezone, JsonEncodedText.Encode("timezone")),
        (PassingText.Gender, JsonEncodedText.Encode("gender")),
    ];

    /// <summary>Sends a page under <c>result</c> and disposes it.</summary>
    public Task SendAsync(HttpContext context, PassingsPage page, Paging paging) =>
        SendAsync(context, page, paging, json => json.WriteStartArray("result"u8));

    /// <summary>Sends a page of the feed, which has a shape of its own, and disposes it.</summary>
    public Task SendFeedAsync(HttpContext context, PassingsFeedPage feed) =>
        SendAsync(context, feed.Passings, feed.Paging, json =>
        {
            json.WriteString("deviceid"u8, feed.DeviceId);
            json.WriteString("session_used"u8, feed.Token);
            json.WriteString("session_label"u8, feed.Alias);
            json.WriteNumber("resumed_from"u8, feed.ResumedFrom);
            json.WriteStartArray("passings"u8);
        });

    async Task SendAsync(HttpContext context, PassingsPage page, Paging paging, Action<Utf8JsonWriter> open)
    {
        using var rows = page;
        var text = responses.AreText ? new ArrayBufferWriter<byte>(FlushBytes) : null;
        var pipe = context.Response.BodyWriter;
        context.Response.ContentType = "application/json";
        using var json = Responses.Writer(text ?? (IBufferWriter<byte>)pipe);
        responses.Open(json, Responses.Success);
        open(json);
        for (var i = 0; i < page.Count; i++)
        {
            var session = page.Session(i);
            ref readonly var passing = ref page[i];
            var texts = passing.Texts(page.Chunks(i), out var bytes);
            Write(json, passing.Number, passing.TimeMs, texts, bytes, session.JsonToken, session.JsonDeviceId);
            if (json.BytesPending < FlushBytes)
                continue;
            await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            if (text is null)
                await pipe.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }

        json.WriteEndArray();
        responses.WritePagination(json, paging, page.Total);
        responses.Close(json);
        await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        if (text is null)
            await pipe.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        else
            await responses.SendAsync(context, StatusCodes.Status200OK, text).ConfigureAwait(false);
    }

    static JsonEncodedText Encode(string text) => JsonEncodedText.Encode(text, Responses.Encoder);

    /// <summary>Both contents of a conflict as JSON, which also makes hostile text harmless in a log.</summary>
    public (string Stored, string Sent) Describe(string token, PassingsBatch batch, PassingConflict stored)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using var json = Responses.Writer(output);
        Write(json, stored.Number, stored.TimeMs, stored.Texts, stored.Bytes, Encode(token), Encode(stored.DeviceId));
        json.Flush();
        var storedText = Encoding.UTF8.GetString(output.WrittenSpan);
        output.ResetWrittenCount();
        json.Reset();
        ref readonly var sent = ref batch[stored.Row];
        Write(json, sent.Number, sent.TimeMs, sent.Texts, batch.Body.Bytes, Encode(token), Encode(stored.DeviceId));
        json.Flush();
        return (storedText, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    void Write(
        Utf8JsonWriter json, long number, long timeMs, in TextSlices texts, ReadOnlySpan<byte> bytes,
        JsonEncodedText token, JsonEncodedText deviceId)
    {
        json.WriteStartObject();
        json.WriteString(_token, token);
        ApiJson.WriteTime(json, "timestamp"u8, timeMs);
        json.WriteNumber(_number, number);
        WriteCoordinate(json, _latitude, texts[PassingText.Latitude], bytes);
        WriteCoordinate(json, _longitude, texts[PassingText.Longitude], bytes);
        foreach (var (text, name) in _afterCoordinates)
        {
            if (texts[text].IsNull)
                json.WriteNull(name);
            else
                json.WriteString(name, texts[text].In(bytes));
        }

        json.WriteString(_deviceId, deviceId);
        json.WriteEndObject();
    }

    void WriteCoordinate(Utf8JsonWriter json, JsonEncodedText name, TextSlice slice, ReadOnlySpan<byte> bytes)
    {
        if (slice.IsNull)
            json.WriteNull(name);
        else if (responses.AreFlat || !Coordinate.TryParse(slice.In(bytes), out var value))
            json.WriteString(name, slice.In(bytes));
        else
            json.WriteNumber(name, value);
    }
}
