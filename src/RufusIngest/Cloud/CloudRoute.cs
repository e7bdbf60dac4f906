namespace RufusIngest.Cloud;

/// <summary>
/// Where an operation is that the API has but does not document, and what its members are called there. Without one the
/// operation is off.
/// </summary>
public sealed record CloudRoute
{
    static readonly string[] Methods = ["POST", "PUT", "PATCH"];

    /// <summary>
    /// Path below the base address, without a slash in front, such as <c>devices/{deviceid}/status</c> or
    /// <c>events/{event_token}/participants</c>: the word in braces is replaced by the id.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>HTTP method of a sending operation: POST, PUT or PATCH. A listing is always a GET.</summary>
    public string Method { get; init; } = "POST";

    /// <summary>
    /// The server's name for each of our members, by our name. A member that is not in it goes by our name; an empty name
    /// leaves it out.
    /// </summary>
    public IReadOnlyDictionary<string, string> Members { get; init; } = new Dictionary<string, string>();

    internal string NameOf(string member) => Members.GetValueOrDefault(member, member);

    internal string PathOf(string placeholder, string id) =>
        Path.Replace(placeholder, id, StringComparison.OrdinalIgnoreCase);

    internal static void CheckPath(string path, string option)
    {
        // An address or a way up would take the key to another place.
        if (path.Length == 0 || path[0] is '/' or '\\' || path.AsSpan().ContainsAny(':', '%')
            || path.Contains("..", StringComparison.Ordinal))
            throw new ArgumentException($"{option} '{path}' must be a path below the base address, such as devices.");
    }

    internal void Check(string option)
    {
        CheckPath(Path, option);
        if (!Methods.Contains(Method))
            throw new ArgumentException($"{option} has method '{Method}'; it must be POST, PUT or PATCH.");
    }
}
