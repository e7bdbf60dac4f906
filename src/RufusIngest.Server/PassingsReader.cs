using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>Writes stored passings as the API reads them back.</summary>
sealed class PassingsReader(Responses responses)
{
    public const int MaxPage = 5_000;

    const int FlushBytes = 32 * 1024;

    static readonly (int Text, JsonEncodedText Name)[] _afterCoordinates =
    [
        (PassingText.Status, JsonEncodedText.Encode("status")),
        (PassingText.ParticipantId, JsonEncodedText.Encode("participant_id")),
        (PassingText.Chip, JsonEncodedText.Encode("chip")),
        (PassingText.Bib, JsonEncodedText.Encode("bib")),
        (PassingText.Timezone, JsonEncodedText.Encode("timezone")),
        (PassingText.Gender, JsonEncodedText.Encode("gender")),
    ];

    public async Task SendAsync(HttpContext context, TimingSession session, PassingsQuery query)
    {
        var rows = ArrayPool<StoredPassing>.Shared.Rent(query.Limit);
        try
        {
            var skip = (query.Page - 1L) * query.Limit;
            var (copied, total, chunks) = session.Read(query.First, query.Last, skip, rows.AsSpan(0, query.Limit));
            context.Response.ContentType = "application/json";
            var output = context.Response.BodyWriter;
            using var json = Responses.Writer(output);
            responses.Open(json, Responses.Success);
            json.WriteStartArray("result"u8);
            for (var i = 0; i < copied; i++)
            {
                WriteStored(json, rows[i], chunks, session);
                if (json.BytesPending < FlushBytes)
                    continue;
                await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
                await output.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            }

            json.WriteEndArray();
            WritePagination(json, query, total, skip + copied < total);
            responses.Close(json);
            await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            await output.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<StoredPassing>.Shared.Return(rows);
        }
    }

    /// <summary>Both contents of a conflict as JSON, which also makes hostile text harmless in a log.</summary>
    public (string Stored, string Sent) Describe(TimingSession session, PassingsBatch batch, int conflict)
    {
        var (row, stored) = batch.Conflicts[conflict];
        var output = new ArrayBufferWriter<byte>(512);
        using var json = Responses.Writer(output);
        WriteStored(json, session.Row(stored, out var chunks), chunks, session);
        json.Flush();
        var storedText = Encoding.UTF8.GetString(output.WrittenSpan);
        output.ResetWrittenCount();
        json.Reset();
        ref readonly var sent = ref batch[row];
        Write(json, sent.Number, sent.TimeMs, sent.Texts, batch.Body.Bytes, session);
        json.Flush();
        return (storedText, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    void WriteStored(Utf8JsonWriter json, in StoredPassing passing, byte[][] chunks, TimingSession session)
    {
        var texts = passing.Texts(chunks, out var bytes);
        Write(json, passing.Number, passing.TimeMs, texts, bytes, session);
    }

    void Write(
        Utf8JsonWriter json, long number, long timeMs, in TextSlices texts, ReadOnlySpan<byte> bytes,
        TimingSession session)
    {
        json.WriteStartObject();
        json.WriteString("token_session"u8, session.Token);
        Responses.WriteTime(json, "timestamp"u8, timeMs);
        json.WriteNumber("num_passing"u8, number);
        WriteCoordinate(json, "latitude"u8, texts[PassingText.Latitude], bytes);
        WriteCoordinate(json, "longitude"u8, texts[PassingText.Longitude], bytes);
        foreach (var (text, name) in _afterCoordinates)
        {
            if (texts[text].IsNull)
                json.WriteNull(name);
            else
                json.WriteString(name, texts[text].In(bytes));
        }

        json.WriteString("deviceid"u8, session.DeviceId);
        json.WriteEndObject();
    }

    void WriteCoordinate(Utf8JsonWriter json, ReadOnlySpan<byte> name, TextSlice slice, ReadOnlySpan<byte> bytes)
    {
        if (slice.IsNull)
            json.WriteNull(name);
        else if (responses.Envelope == VenueEnvelope.Flat || !Coordinate.TryParse(slice.In(bytes), out var value))
            json.WriteString(name, slice.In(bytes));
        else
            json.WriteNumber(name, value);
    }

    static void WritePagination(Utf8JsonWriter json, PassingsQuery query, int total, bool more)
    {
        json.WriteStartObject("pagination"u8);
        json.WriteNumber("page"u8, query.Page);
        json.WriteNumber("limit"u8, query.Limit);
        json.WriteNumber("total"u8, total);
        json.WriteBoolean("has_more"u8, more);
        json.WriteEndObject();
    }
}
