using System.Text.Json;
using System.Text.Unicode;

namespace RufusIngest.Server;

/// <summary>
/// Reads the body of POST /passings into a batch in one pass, without an object a passing. A null member and an empty
/// coordinate count as absent; of a repeated member the last value holds. Immutable, shared by all requests.
/// </summary>
sealed class PassingsParser(VenueRules rules)
{
    const int Number = PassingText.Count;
    const int Timestamp = Number + 1;
    const int Unknown = -1;
    const int Required = (1 << PassingText.Bib) | (1 << Number) | (1 << Timestamp);

    static readonly string[] _names =
    [
        "bib", "chip", "latitude", "longitude", "status", "participant_id", "timezone", "gender",
        "num_passing", "timestamp",
    ];

    readonly int _maxText = rules.MaxTextLength;
    readonly int _chip = rules.ChipMember ? PassingText.Chip : Unknown;
    readonly int _chips = rules.ChipsMember ? PassingText.Chip : Unknown;
    readonly string _noCoordinate = rules switch
    {
        { CoordinatesAsText: false } => "is not a number",
        { CoordinatesAsNumber: false } => "is not a string",
        _ => "is not a string or number",
    };

    /// <summary>Parses the batch's body, whose bytes it may change; false leaves the reason in the batch.</summary>
    public bool TryParse(PassingsBatch batch)
    {
        batch.Begin();
        var body = batch.Body.Bytes;
        if (!Utf8.IsValid(body))
            return batch.Fail("The body is not UTF-8");
        var reader = new Utf8JsonReader(body);
        try
        {
            return TryParseRoot(ref reader, batch);
        }
        catch (JsonException)
        {
            return batch.Fail(Malformed(reader.BytesConsumed));
        }
        catch (InvalidOperationException)
        {
            // A string whose escapes are half a surrogate pair is valid to the reader until it is unescaped.
            return batch.Fail($"Invalid string before byte {reader.BytesConsumed}");
        }
    }

    public static string Malformed(long consumed) => $"Malformed JSON after byte {consumed}";

    /// <summary>A member name fit for an error text: short, whatever was sent.</summary>
    public static string Shown(string name) => name.Length <= 64 ? name : name[..64];

    bool TryParseRoot(ref Utf8JsonReader reader, PassingsBatch batch)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return batch.Fail("The body is not a JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryParseRootMember(ref reader, batch))
                return false;
        }

        reader.Read(); // Throws when something follows the object.
        if (batch.Token.IsNull)
            return batch.Fail("token_session is missing", BodyFault.Missing);
        return batch.Count > 0 || batch.Fail("passings_list is missing or empty", BodyFault.Missing);
    }

    bool TryParseRootMember(ref Utf8JsonReader reader, PassingsBatch batch)
    {
        if (reader.ValueTextEquals("passings_list"u8))
        {
            reader.Read();
            return reader.TokenType switch
            {
                JsonTokenType.StartArray => TryParseList(ref reader, batch),
                JsonTokenType.Null => true,
                _ => batch.Fail("passings_list is not an array"),
            };
        }

        if (!reader.ValueTextEquals("token_session"u8))
        {
            if (!rules.UnknownMembers)
                return batch.Fail($"{Shown(reader.GetString()!)} is not a member of the request");
            reader.Skip();
            return true;
        }

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType != JsonTokenType.String)
            return batch.Fail("token_session is not a string");
        if (!TryText(ref reader, batch, out var token))
            return batch.Fail($"token_session is longer than {_maxText} bytes");
        batch.Token = token;
        return true;
    }

    bool TryParseList(ref Utf8JsonReader reader, PassingsBatch batch)
    {
        batch.Clear();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                return batch.Fail($"passings_list[{batch.Count}] is not an object");
            if (batch.Count == rules.MaxPassingsPerPost)
                return FailTooMany(batch);
            ref var passing = ref batch.Add();
            var seen = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!TryParseMember(ref reader, batch, ref passing, ref seen))
                    return false;
            }

            if ((seen & Required) != Required)
                return FailMissing(batch, seen);
        }

        return true;
    }

    bool TryParseMember(ref Utf8JsonReader reader, PassingsBatch batch, ref ParsedPassing passing, ref int seen)
    {
        var member = MemberOf(ref reader);
        if (member == Unknown)
        {
            if (!rules.UnknownMembers)
                return FailAt(batch, Shown(reader.GetString()!), "is not a member of a passing");
            reader.Skip();
            return true;
        }

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        seen |= 1 << member;
        if (member == Number)
        {
            return (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out passing.Number)
                && passing.Number >= 0) || FailAt(batch, member, "is not an integer of 0 or more");
        }

        var coordinate = member is PassingText.Latitude or PassingText.Longitude;
        if (coordinate ? !IsCoordinate(reader.TokenType) : reader.TokenType != JsonTokenType.String)
            return FailAt(batch, member, coordinate ? _noCoordinate : "is not a string");
        if (!TryText(ref reader, batch, out var text))
            return FailAt(batch, member, $"is longer than {_maxText} bytes");
        if (member == Timestamp)
        {
            return Rfc3339.TryParse(text.In(batch.Body.Bytes), out passing.TimeMs)
                || FailAt(batch, member, "is not an RFC 3339 date-time");
        }

        if (member == PassingText.Bib && text.Length == 0 && !rules.EmptyBib)
            return FailAt(batch, member, "is empty");
        if (coordinate && text.Length == 0)
            return true; // A device without a fix.
        if (coordinate && !Coordinate.TryParse(text.In(batch.Body.Bytes), out _))
            return FailAt(batch, member, "is not a number");
        passing.Texts[member] = text;
        return true;
    }

    /// <summary>The current string or number as a slice of the body; a string's escapes are undone in place.</summary>
    bool TryText(ref Utf8JsonReader reader, PassingsBatch batch, out TextSlice text)
    {
        var start = (int)reader.TokenStartIndex + (reader.TokenType == JsonTokenType.String ? 1 : 0);
        var length = reader.ValueSpan.Length;
        if (reader.ValueIsEscaped && length <= _maxText * 6)
        {
            var scratch = batch.Scratch(_maxText * 6);
            length = reader.CopyString(scratch);
            scratch[..length].CopyTo(batch.Body.Bytes[start..]);
        }

        text = new TextSlice(start, length);
        return length <= _maxText;
    }

    bool IsCoordinate(JsonTokenType token) => token switch
    {
        JsonTokenType.String => rules.CoordinatesAsText,
        JsonTokenType.Number => rules.CoordinatesAsNumber,
        _ => false,
    };

    int MemberOf(ref Utf8JsonReader reader)
    {
        var name = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
            return MemberOf(name);
        Span<byte> unescaped = stackalloc byte[6 * 14];
        return name.Length > unescaped.Length ? Unknown : MemberOf(unescaped[..reader.CopyString(unescaped)]);
    }

    int MemberOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 when name.SequenceEqual("bib"u8) => PassingText.Bib,
        4 when name.SequenceEqual("chip"u8) => _chip,
        5 when name.SequenceEqual("chips"u8) => _chips,
        6 when name.SequenceEqual("status"u8) => PassingText.Status,
        6 when name.SequenceEqual("gender"u8) => PassingText.Gender,
        8 when name.SequenceEqual("latitude"u8) => PassingText.Latitude,
        8 when name.SequenceEqual("timezone"u8) => PassingText.Timezone,
        9 when name.SequenceEqual("timestamp"u8) => Timestamp,
        9 when name.SequenceEqual("longitude"u8) => PassingText.Longitude,
        11 when name.SequenceEqual("num_passing"u8) => Number,
        14 when name.SequenceEqual("participant_id"u8) => PassingText.ParticipantId,
        _ => Unknown,
    };

    static bool FailMissing(PassingsBatch batch, int seen)
    {
        var missing = System.Numerics.BitOperations.TrailingZeroCount(Required & ~seen);
        return batch.Fail($"passings_list[{batch.Count - 1}].{_names[missing]} is missing", BodyFault.Missing);
    }

    bool FailTooMany(PassingsBatch batch) =>
        batch.Fail($"passings_list holds more than {rules.MaxPassingsPerPost} passings", BodyFault.TooMany);

    static bool FailAt(PassingsBatch batch, int member, string problem) => FailAt(batch, _names[member], problem);

    static bool FailAt(PassingsBatch batch, string member, string problem) =>
        batch.Fail($"passings_list[{batch.Count - 1}].{member} {problem}");
}
