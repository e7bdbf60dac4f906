using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace RufusIngest.Server;

/// <summary>
/// Looks up the access of a request's key, comparing hashes in constant time. A plain SHA-256 keeps a key safe that is
/// random and of 64 bits or more, as those made here are: there is nothing to guess. It would not keep a password.
/// </summary>
sealed class ApiKeys
{
    /// <summary>As in the cloud.</summary>
    public const int MaxPerCompany = 10;

    const int MaxKeyBytes = 512;

    readonly StoredKey[] _given;
    readonly VenueRules _rules;
    volatile StoredKey[] _keys;

    /// <param name="given">Those that hold for the server's life.</param>
    /// <param name="kept">Those that the store keeps, at first.</param>
    /// <param name="rules">Say which headers count.</param>
    /// <exception cref="ArgumentException">There is none, or a company is given too many.</exception>
    public ApiKeys(IEnumerable<StoredKey> given, IEnumerable<StoredKey> kept, VenueRules rules)
    {
        (_given, _rules) = ([.. given], rules);
        _keys = Join(_given, kept);
        if (_keys.Length == 0)
            throw new ArgumentException("Without a key every request is forbidden.", nameof(given));
        if (_given.CountBy(key => key.Company).Any(company => company.Value > MaxPerCompany))
            throw new ArgumentException($"A company is given more than {MaxPerCompany} keys.", nameof(given));
    }

    /// <summary>The company of all keys; null when they are several companies', or there is none any more.</summary>
    public int? OnlyCompany
    {
        get
        {
            var keys = _keys;
            return keys.Length > 0 && Array.TrueForAll(keys, key => key.Company == keys[0].Company)
                ? keys[0].Company
                : null;
        }
    }

    /// <summary>From now on the store keeps these.</summary>
    public void Renew(IEnumerable<StoredKey> kept) => _keys = Join(_given, kept);

    /// <summary>A company's key of this <see cref="StoredKey.Id"/> still holds, and may read.</summary>
    public bool Holds(int company, ulong id) => Array.Exists(
        _keys, key => key.Company == company && key.Id == id && key.Access.HasFlag(VenueAccess.Read));

    /// <summary>The keys of the options as they are kept, companies made in the store.</summary>
    /// <exception cref="ArgumentException">One cannot be sent, or is there twice.</exception>
    public static async Task<List<StoredKey>> StoredAsync(IReadOnlyList<VenueKey> keys, VenueStore store)
    {
        var stored = new List<StoredKey>();
        foreach (var key in keys)
        {
            var kept = new StoredKey(
                key.Name, Hash(key), key.Access, await store.CompanyAsync(key.Company).ConfigureAwait(false));
            if (stored.Exists(earlier => SameHash(earlier, kept)))
                throw new ArgumentException($"Key '{key.Name}' is the same as an earlier one.", nameof(keys));
            stored.Add(kept);
        }

        return stored;
    }

    static StoredKey[] Join(StoredKey[] given, IEnumerable<StoredKey> kept) =>
        [.. given, .. kept.Where(key => !Array.Exists(given, earlier => SameHash(earlier, key)))];

    static bool SameHash(StoredKey a, StoredKey b) => CryptographicOperations.FixedTimeEquals(a.Hash, b.Hash);

    /// <summary>
    /// What the request's key allows; null without one in a header that counts, <see cref="VenueAccess.None"/> when it
    /// is unknown or there are two. Company and <see cref="StoredKey.Id"/> are 0 then.
    /// </summary>
    public (VenueAccess? Access, int Company, ulong Id) AccessOf(IHeaderDictionary headers)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> second = stackalloc byte[SHA256.HashSizeInBytes];
        var underscored = _rules.ApiKeyHeader ? headers["api_key"] : default;
        var dashed = _rules.XApiKeyHeader ? headers["x-api-key"] : default;
        if (underscored.Count + dashed.Count == 0)
            return (null, 0, 0);
        if (!TryHash(underscored.Count > 0 ? underscored : dashed, hash))
            return (VenueAccess.None, 0, 0);
        if (underscored.Count > 0 && dashed.Count > 0
            && !(TryHash(dashed, second) && CryptographicOperations.FixedTimeEquals(hash, second)))
        {
            return (VenueAccess.None, 0, 0);
        }

        return AccessOf(hash);
    }

    /// <summary>The same of a key that came in another way than in a header.</summary>
    public (VenueAccess Access, int Company, ulong Id) AccessOf(string? key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        return TryHash(key, hash) ? AccessOf(hash) : (VenueAccess.None, 0, 0);
    }

    (VenueAccess Access, int Company, ulong Id) AccessOf(ReadOnlySpan<byte> hash)
    {
        StoredKey? found = null;
        foreach (var key in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, key.Hash))
                found = key;
        }

        return found is null ? (VenueAccess.None, 0, 0) : (found.Access, found.Company, found.Id);
    }

    static byte[] Hash(VenueKey named)
    {
        var key = named.Key;
        return string.IsNullOrWhiteSpace(key) || key.Trim() != key || Encoding.UTF8.GetByteCount(key) > MaxKeyBytes
            ? throw new ArgumentException(
                $"Key '{named.Name}' must be 1 to {MaxKeyBytes} bytes, without spaces around it.", nameof(named))
            : SHA256.HashData(Encoding.UTF8.GetBytes(key));
    }

    static bool TryHash(StringValues header, Span<byte> hash)
    {
        Span<byte> key = stackalloc byte[MaxKeyBytes];
        if (header.Count != 1 || !Encoding.UTF8.TryGetBytes(header[0], key, out var length))
            return false;
        SHA256.HashData(key[..length], hash);
        return true;
    }
}
