using System.Runtime.CompilerServices;
using RufusIngest.Cloud;

namespace RufusIngest.Server;

/// <summary>
/// The options' profile and bounds with every gap filled: what the server does. Each member of a profile that is null
/// means the default that stands here.
/// </summary>
/// <exception cref="ArgumentException">The profile names a status or bound that no answer can have.</exception>
sealed class VenueRules(VenueServerOptions options)
{
    public int MaxBodyBytes { get; } = options.MaxBodyBytes;

    public TimeProvider TimeProvider { get; } = options.TimeProvider;

    public int MaxTextLength { get; } = options.MaxTextLength;

    public CloudEnvelope Envelope { get; } = options.Profile.Envelope ?? CloudEnvelope.Flat;

    public bool ApiKeyHeader { get; } = options.Profile.ApiKeyHeader ?? true;

    public bool XApiKeyHeader { get; } = options.Profile.XApiKeyHeader ?? true;

    public int KeyMissingStatus { get; } = Status(options.Profile.KeyMissingStatus, 403);

    public int KeyUnknownStatus { get; } = Status(options.Profile.KeyUnknownStatus, 403);

    public int BindStatus { get; } = Status(options.Profile.BindStatus, 201);

    public int BindAgainStatus { get; } = Status(options.Profile.BindAgainStatus, 409);

    public bool BindTakesType { get; } = options.Profile.BindTakesType ?? true;

    public bool BindNeedsType { get; } = options.Profile.BindNeedsType ?? false;

    public int OpenStatus { get; } = Status(options.Profile.OpenStatus, 201);

    public int CloseAgainStatus { get; } = Status(options.Profile.CloseAgainStatus, 200);

    public int MissingMemberStatus { get; } = Status(options.Profile.MissingMemberStatus, 400);

    public int InsertStatus { get; } = Status(options.Profile.InsertStatus, 201);

    public int AllDuplicatesStatus { get; } =
        Status(options.Profile.AllDuplicatesStatus, options.Profile.InsertStatus ?? 201);

    public bool DuplicateCount { get; } = options.Profile.DuplicateCount ?? true;

    public int SessionClosedStatus { get; } = Status(options.Profile.SessionClosedStatus, 404);

    public int SessionUnknownStatus { get; } = Status(options.Profile.SessionUnknownStatus, 404);

    public int MaxPassingsPerPost { get; } =
        Math.Min(Positive(options.Profile.MaxPassingsPerPost), options.MaxPassingsPerPost);

    public int TooManyStatus { get; } = Status(options.Profile.TooManyStatus, 413);

    public bool ChipMember { get; } = options.Profile.ChipMember ?? true;

    public bool ChipsMember { get; } = options.Profile.ChipsMember ?? true;

    public bool UnknownMembers { get; } = options.Profile.UnknownMembers ?? true;

    public bool EmptyBib { get; } = options.Profile.EmptyBib ?? true;

    public bool CoordinatesAsText { get; } = options.Profile.CoordinatesAsText ?? true;

    public bool CoordinatesAsNumber { get; } = options.Profile.CoordinatesAsNumber ?? true;

    public bool Pagination { get; } = options.Profile.Pagination ?? true;

    public bool Feed { get; } = options.Profile.Feed ?? true;

    /// <summary>What the profile says and the server does not do, with what it does instead.</summary>
    public static IEnumerable<(string Member, string Value, string Instead)> NotImitated(CloudProfile profile)
    {
        if (profile.DuplicateKey is { } key and not DuplicateKey.Number)
        {
            yield return (nameof(profile.DuplicateKey), key.ToString(),
                "a passing whose number is taken in its session is a duplicate, any other is stored");
        }

        if (profile.InvalidPassing is { } rule and not InvalidPassingRule.RefusesBatch)
        {
            yield return (nameof(profile.InvalidPassing), rule.ToString(),
                "a batch with an invalid passing is refused as a whole");
        }

        if (profile.RangeIsInclusive == false)
            yield return (nameof(profile.RangeIsInclusive), "False", "first and last are in the answer");
    }

    // 1xx is no final answer: a client would wait for another.
    static int Status(int? status, int absent, [CallerMemberName] string member = "") =>
        status is < 200 or > 599
            ? throw new ArgumentException($"The profile's {member} is {status}, and must be from 200 to 599.", member)
            : status ?? absent;

    static int Positive(int? bound, [CallerMemberName] string member = "") =>
        bound is < 1
            ? throw new ArgumentException($"The profile's {member} is {bound}, and must be 1 or more.", member)
            : bound ?? int.MaxValue;
}
