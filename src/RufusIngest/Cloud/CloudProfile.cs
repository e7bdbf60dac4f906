using System.Text.Json;
using System.Text.Json.Serialization;

namespace RufusIngest.Cloud;

/// <summary>
/// How a server of the API behaves where its documentation leaves it open: what a probe found, and what client and venue
/// server take as configuration. Every member may be null: not known.
/// </summary>
/// <remarks>
/// The client stays as tolerant as without a profile; it takes from it what it should not send (<see cref="ApiKeyHeader"/>,
/// <see cref="XApiKeyHeader"/>, <see cref="BindTakesType"/>), not ask (<see cref="Feed"/>), and how much
/// <see cref="PassingsUploader"/> should not exceed (<see cref="MaxPassingsPerPost"/>). The venue server imitates what it
/// can and logs what it cannot.
/// </remarks>
public sealed record CloudProfile
{
    /// <summary>Where it was probed.</summary>
    public string? Address { get; init; }

    /// <summary>When it was probed.</summary>
    public DateTimeOffset? ProbedAt { get; init; }

    /// <summary>Shape of its answers.</summary>
    public CloudEnvelope? Envelope { get; init; }

    /// <summary>Whether the key in <c>api_key</c> alone is taken.</summary>
    public bool? ApiKeyHeader { get; init; }

    /// <summary>Whether the key in <c>x-api-key</c> alone is taken.</summary>
    public bool? XApiKeyHeader { get; init; }

    /// <summary>Status of a call without a key.</summary>
    public int? KeyMissingStatus { get; init; }

    /// <summary>Status of a call with a key that does not exist.</summary>
    public int? KeyUnknownStatus { get; init; }

    /// <summary>Status of binding a device for the first time.</summary>
    public int? BindStatus { get; init; }

    /// <summary>Status of binding the same serial number again.</summary>
    public int? BindAgainStatus { get; init; }

    /// <summary>Whether binding with a <c>type</c> is taken.</summary>
    public bool? BindTakesType { get; init; }

    /// <summary>Whether binding without a <c>type</c> is refused.</summary>
    public bool? BindNeedsType { get; init; }

    /// <summary>Status of opening a session.</summary>
    public int? OpenStatus { get; init; }

    /// <summary>Status of closing a session that is closed.</summary>
    public int? CloseAgainStatus { get; init; }

    /// <summary>Status of a request that lacks a required member.</summary>
    public int? MissingMemberStatus { get; init; }

    /// <summary>Status of inserting passings.</summary>
    public int? InsertStatus { get; init; }

    /// <summary>Status of inserting passings that are all there already.</summary>
    public int? AllDuplicatesStatus { get; init; }

    /// <summary>Whether an insert is answered with <c>duplicate_count</c>.</summary>
    public bool? DuplicateCount { get; init; }

    /// <summary>What makes two passings of a session duplicates.</summary>
    public DuplicateKey? DuplicateKey { get; init; }

    /// <summary>Status of inserting into a session that is closed.</summary>
    public int? SessionClosedStatus { get; init; }

    /// <summary>Status of inserting into a session that does not exist.</summary>
    public int? SessionUnknownStatus { get; init; }

    /// <summary>Most passings that one insert takes; null with <see cref="PassingsPerPostTried"/>: more than that.</summary>
    public int? MaxPassingsPerPost { get; init; }

    /// <summary>Most passings that a probe had accepted in one insert.</summary>
    public int? PassingsPerPostTried { get; init; }

    /// <summary>Status of an insert with too many passings.</summary>
    public int? TooManyStatus { get; init; }

    /// <summary>Whether a chip sent as <c>chip</c> is kept.</summary>
    public bool? ChipMember { get; init; }

    /// <summary>Whether a chip sent as <c>chips</c> is kept; false also when it is refused.</summary>
    public bool? ChipsMember { get; init; }

    /// <summary>Whether a passing with a member that the API does not name is taken.</summary>
    public bool? UnknownMembers { get; init; }

    /// <summary>Whether a passing with an empty bib is taken.</summary>
    public bool? EmptyBib { get; init; }

    /// <summary>Whether coordinates are taken as text.</summary>
    public bool? CoordinatesAsText { get; init; }

    /// <summary>Whether coordinates are taken as numbers.</summary>
    public bool? CoordinatesAsNumber { get; init; }

    /// <summary>What becomes of a batch that holds an invalid passing.</summary>
    public InvalidPassingRule? InvalidPassing { get; init; }

    /// <summary>Whether <c>first</c> and <c>last</c> bound a session's passings, both inclusive.</summary>
    public bool? RangeIsInclusive { get; init; }

    /// <summary>Whether listings carry <c>pagination</c>.</summary>
    public bool? Pagination { get; init; }

    /// <summary>Whether the resumable feed of a device exists.</summary>
    public bool? Feed { get; init; }

    /// <summary>Reads a profile file.</summary>
    /// <exception cref="InvalidDataException">It is not a profile; the message names file, line and member.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CloudProfile Load(string path)
    {
        byte[] json = File.ReadAllBytes(path);
        try
        {
            return JsonSerializer.Deserialize(json, CloudProfileJson.Default.CloudProfile)
                ?? throw new InvalidDataException($"{path} holds no profile, but null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not a profile: line {e.LineNumber + 1}, {e.Path}: {e.Message}", e);
        }
    }

    /// <summary>Writes a profile file, replacing one that is there.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path) => File.WriteAllBytes(path, [.. ToUtf8Json(), .. "\n"u8]);

    /// <summary>The profile as its file holds it, UTF-8.</summary>
    public byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, CloudProfileJson.Default.CloudProfile);
}

/// <summary>Shape of a server's answers.</summary>
public enum CloudEnvelope
{
    /// <summary>Members at the top level, as the older pages show; coordinates read back as text.</summary>
    Flat,

    /// <summary>Members inside <c>{"body": …}</c>, as the newer specification says; coordinates read back as numbers.</summary>
    Wrapped,

    /// <summary>As <see cref="Wrapped"/>, but the body is JSON in a string.</summary>
    WrappedText,
}

/// <summary>What makes two passings of a session duplicates.</summary>
public enum DuplicateKey
{
    /// <summary>The number alone, whatever the content. What numbering relies on.</summary>
    Number,

    /// <summary>Bib, chip and time, whatever the number.</summary>
    Content,

    /// <summary>Number and content together: another content under a taken number is stored beside it.</summary>
    NumberAndContent,

    /// <summary>Number or content: either is enough.</summary>
    NumberOrContent,

    /// <summary>Nothing: everything sent again is stored again.</summary>
    None,
}

/// <summary>What becomes of a batch that holds an invalid passing.</summary>
public enum InvalidPassingRule
{
    /// <summary>Nothing of it is stored.</summary>
    RefusesBatch,

    /// <summary>The others are stored.</summary>
    StoresOthers,

    /// <summary>All are stored, the invalid one too.</summary>
    StoresAll,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(CloudProfile))]
sealed partial class CloudProfileJson : JsonSerializerContext;
